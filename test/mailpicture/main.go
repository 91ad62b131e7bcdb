// Mailpicture shows a mail as a browser does: one that arrived somewhere, given
// as a file, or one that it sends by a real mail server and takes out of the box
// there. It needs Debian's chromium; without -mail root, too.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"log/slog"
	"maps"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/notify"
	"github.com/initguard/initguard/test/cluster/process"
	"github.com/initguard/initguard/test/debroot"
	"github.com/initguard/initguard/test/mailserver"
)

const (
	// width is that of a window, which is a little more than a mail's 600 pixels;
	// most is more than any mail's height.
	width, most = 660, 6000
	shotTimeout = time.Minute
)

func main() {
	file := flag.String("mail", "", "a mail as it arrived; without it one is sent")
	out := flag.String("out", "", "the PNG to write")
	flag.Parse()
	if err := run(context.Background(), *file, *out); err != nil {
		fmt.Fprintln(os.Stderr, "mailpicture:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file, out string) error {
	if out == "" {
		return errors.New("-out is required")
	}
	dir, err := os.MkdirTemp("", "mailpicture-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var text []byte
	if file != "" {
		text, err = os.ReadFile(file)
	} else {
		text, err = send(ctx, dir)
	}
	if err != nil {
		return err
	}
	html, err := htmlOf(text)
	if err != nil {
		return err
	}
	return shoot(ctx, dir, html, out)
}

// htmlOf is the part of a mail that mail programs show.
func htmlOf(text []byte) ([]byte, error) {
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := parts.NextPart() // it takes quoted-printable off
		if err != nil {
			return nil, fmt.Errorf("no part with HTML: %w", err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			return io.ReadAll(p)
		}
	}
}

// shoot has a browser show a page, and cuts off what is below it.
func shoot(ctx context.Context, dir string, html []byte, out string) error {
	page, shot := filepath.Join(dir, "mail.html"), filepath.Join(dir, "shot.png")
	if err := os.WriteFile(page, html, 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, shotTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir="+filepath.Join(dir, "profile"),
		fmt.Sprintf("--window-size=%d,%d", width, most), "--screenshot="+shot, "file://"+page)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium (apt-get install chromium): %w\n%s", err, said)
	}
	f, err := os.Open(shot)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	full, err := png.Decode(f)
	if err != nil {
		return err
	}
	var data bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&data, small(cropped(full))); err != nil {
		return err
	}
	return os.WriteFile(out, data.Bytes(), 0o644)
}

// cropped ends a few pixels below the last row that is not all of one colour.
func cropped(full image.Image) image.Image {
	b := full.Bounds()
	bottom := b.Max.Y
	for ; bottom > b.Min.Y+1; bottom-- {
		first, same := full.At(b.Min.X, bottom-1), true
		for x := b.Min.X; x < b.Max.X && same; x++ {
			same = full.At(x, bottom-1) == first
		}
		if !same {
			break
		}
	}
	r := image.Rect(b.Min.X, b.Min.Y, b.Max.X, min(bottom+16, b.Max.Y))
	out := image.NewRGBA(r)
	draw.Draw(out, r, full, r.Min, draw.Src)
	return out
}

// small has the 256 colours that there are most of; text needs few, and a file
// with them is a third as long.
func small(full image.Image) image.Image {
	b := full.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	counts := make(map[color.RGBA]int)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	frequent := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int { return counts[b] - counts[a] })
	var palette color.Palette
	for _, c := range frequent[:min(len(frequent), 256)] {
		palette = append(palette, c)
	}
	out := image.NewPaletted(b, palette)
	index := make(map[color.RGBA]uint8)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := at(x, y)
			if _, ok := index[c]; !ok {
				index[c] = uint8(palette.Index(c)) // the nearest
			}
			out.SetColorIndex(x, y, index[c])
		}
	}
	return out
}

// send sends a mail about a workload that is made up, and gives it as it
// arrived.
func send(ctx context.Context, dir string) ([]byte, error) {
	cache, err := debroot.CacheDir()
	if err != nil {
		return nil, err
	}
	group, err := process.New(ctx, dir, "mail")
	if err != nil {
		return nil, err
	}
	defer func() { _ = group.Stop() }()
	server, err := mailserver.Start(ctx, group, &debroot.Builder{Dir: cache}, mailserver.Options{})
	if err != nil {
		return nil, err
	}
	s := notify.DefaultMail()
	s.Host, s.Port, s.CAFile, s.From, s.ClusterName = server.Host, server.Port, server.CAFile, "initguard <initguard@example.org>", "silver"
	m, err := notify.NewMail(notify.MailOptions{
		Settings: s, OptOut: notice.NotifyCritical, Situation: situation, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	d := notify.Sample("shop-prod", []notice.Contact{
		{Role: "product-owner", Address: "owner@example.org"}, {Role: "technical-lead", Address: "lead@example.org"},
	}, time.Now())
	d.NoContact, d.Items[0].Reasons = "", []string{"more than 1,000 zombies for an hour"}
	if tried, err := m.Try(ctx, d); err != nil || len(tried.Accepted) != len(d.To) {
		return nil, fmt.Errorf("send: %v, %+v", err, tried) //nolint:errorlint // There may be none.
	}
	ctx, cancel := context.WithTimeout(ctx, shotTimeout)
	defer cancel()
	mails, err := server.Wait(ctx, 1)
	if err != nil {
		return nil, err
	}
	return []byte(mails[0]), nil
}

// situation is of a pod of one container, whose readiness probe runs a shell.
func situation(*corev1.PodSpec, string, string) (advice.Situation, bool) {
	return advice.Situation{
		Containers: 1, ContainerPath: "containers[0]", Distribution: "debian", Forks: func([]string) bool { return true },
		Execs: []advice.Exec{{Path: "containers[0].readinessProbe", Command: []string{"sh", "-c", "mongosh --eval 1 | grep ok"}}},
	}, true
}
