package initdb

import (
	"errors"
	"fmt"
	"strings"
)

// splitString splits the string of env -S into words by its rules: blanks
// separate, quotes and backslashes protect, # at a word's beginning starts a
// comment. ${NAME} needs the environment and is an error.
//
// Source: https://www.gnu.org/software/coreutils/manual/html_node/env-invocation.html
func splitString(text string) ([]string, error) {
	var words []string
	s := splitter{text: text}
	for {
		word, ok, err := s.word()
		if err != nil {
			return nil, err
		}
		if !ok {
			return words, nil
		}
		words = append(words, word)
	}
}

type splitter struct {
	text string
	done bool // \c was read
}

const blanks = " \t\n\v\f\r"

// word reads the next word; false at the end.
func (s *splitter) word() (string, bool, error) {
	s.text = strings.TrimLeft(s.text, blanks)
	for strings.HasPrefix(s.text, `\_`) { // a blank, too
		s.text = strings.TrimLeft(s.text[2:], blanks)
	}
	if s.done || s.text == "" || s.text[0] == '#' || strings.HasPrefix(s.text, `\c`) {
		return "", false, nil
	}
	var out strings.Builder
	for s.text != "" && !s.done {
		c := s.text[0]
		if strings.IndexByte(blanks, c) >= 0 {
			break
		}
		s.text = s.text[1:]
		end, err := s.char(&out, c)
		if err != nil || end {
			return out.String(), true, err
		}
	}
	return out.String(), true, nil
}

// char handles one character outside of quotes; true when it ended the word.
func (s *splitter) char(out *strings.Builder, c byte) (bool, error) {
	switch c {
	case '\'', '"':
		return false, s.quoted(out, c)
	case '\\':
		return s.escape(out, 0)
	case '$':
		return false, errors.New("it uses ${NAME}, which needs the environment")
	}
	out.WriteByte(c)
	return false, nil
}

func (s *splitter) quoted(out *strings.Builder, quote byte) error {
	for s.text != "" {
		c := s.text[0]
		s.text = s.text[1:]
		switch {
		case c == quote:
			return nil
		case c == '\\' && quote == '\'':
			s.singleQuoteEscape(out)
		case c == '\\':
			if _, err := s.escape(out, quote); err != nil {
				return err
			}
		case c == '$' && quote == '"':
			return errors.New("it uses ${NAME}, which needs the environment")
		default:
			out.WriteByte(c)
		}
	}
	return fmt.Errorf("no closing %c", quote)
}

// singleQuoteEscape: within single quotes only \\ and \' are escapes.
func (s *splitter) singleQuoteEscape(out *strings.Builder) {
	if s.text != "" && (s.text[0] == '\\' || s.text[0] == '\'') {
		out.WriteByte(s.text[0])
		s.text = s.text[1:]
		return
	}
	out.WriteByte('\\')
}

// escape handles a backslash; true when it ended the word.
func (s *splitter) escape(out *strings.Builder, quote byte) (bool, error) {
	if s.text == "" {
		return false, errors.New("a backslash at the end")
	}
	c := s.text[0]
	s.text = s.text[1:]
	switch c {
	case '"', '#', '$', '\'', '\\':
		out.WriteByte(c)
	case '_':
		if quote == 0 {
			return true, nil
		}
		out.WriteByte(' ')
	case 'c':
		if quote != 0 {
			return false, errors.New(`\c within quotes`)
		}
		s.done = true
		return true, nil
	case 'f', 'n', 'r', 't', 'v':
		out.WriteByte("\f\n\r\t\v"[strings.IndexByte("fnrtv", c)])
	default:
		return false, fmt.Errorf(`unknown sequence \%c`, c)
	}
	return false, nil
}
