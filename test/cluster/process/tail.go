package process

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	// tailLines is how much of a log an error shows.
	tailLines = 20
	// tailBytes bounds what is read for it.
	tailBytes = 64 << 10
)

// tailFile returns the last lines of a file. What goes wrong stands in the text:
// it is only ever part of a message about something else.
func tailFile(path string, lines int) string {
	text, err := readTail(path, lines)
	if err != nil {
		return fmt.Sprintf("(can't read the log: %v)", err)
	}
	if text == "" {
		return "(the log is empty)"
	}
	return text
}

func readTail(path string, lines int) (text string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	start := max(0, info.Size()-tailBytes)
	data, err := io.ReadAll(io.NewSectionReader(file, start, tailBytes))
	if err != nil {
		return "", err
	}
	return lastLines(data, lines), nil
}

// lastLines returns the last n lines of data, without the final line break.
func lastLines(data []byte, n int) string {
	data = bytes.TrimRight(data, "\n")
	end := len(data)
	for range n {
		end = bytes.LastIndexByte(data[:end], '\n')
		if end < 0 {
			return string(data)
		}
	}
	return string(data[end+1:])
}
