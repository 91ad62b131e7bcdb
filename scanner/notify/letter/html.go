package letter

import (
	"strings"

	"github.com/initguard/initguard/scanner/notice"
)

// The styles are in the elements, and the colours are such as read well where a
// mail program turns them dark: many drop style sheets.
const (
	font  = `font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;`
	mono  = `font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px;line-height:19px;`
	ink   = `color:#1c2024;`
	faint = `color:#60646c;`
	head  = markup(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>`)
	open = markup(`</title>
</head>
<body style="margin:0;padding:0;background-color:#eef0f3;">
`)
	table = markup(`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"`)
	block = markup(`<pre style="margin:6px 0 12px 0;padding:10px 12px;background-color:#f2f4f7;border:1px solid #d9dce1;border-radius:6px;white-space:pre-wrap;` +
		`overflow-wrap:anywhere;word-break:break-word;` + mono + ink + `">`)
	section = markup(`<p style="margin:16px 0 4px 0;font-size:14px;line-height:20px;font-weight:600;` + ink + `">`)
	para    = markup(`<p style="margin:0 0 8px 0;font-size:14px;line-height:21px;overflow-wrap:anywhere;` + ink + `">`)
	small   = markup(`<p style="margin:0 0 6px 0;font-size:12px;line-height:18px;overflow-wrap:anywhere;` + faint + `">`)
)

// each joins what show makes of each of a list.
func each[T any](list []T, show func(T) markup) markup {
	var out strings.Builder
	for _, v := range list {
		out.WriteString(string(show(v)))
	}
	return markup(out.String())
}

// html is the mail as one page that needs nothing else.
func (p page) html() string {
	out := head + text(p.title) + open +
		`<div style="display:none;max-height:0;overflow:hidden;">` + text(p.preview) + "</div>\n" +
		table + ` style="background-color:#eef0f3;"><tr><td align="center" style="padding:20px 8px;">` + "\n" +
		`<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px;` + font + `">` + "\n" +
		`<tr><td style="padding:0 4px 12px 4px;"><h1 style="margin:0;font-size:20px;line-height:27px;font-weight:600;overflow-wrap:anywhere;` + ink + `">` + text(p.title) + "</h1></td></tr>\n"
	for _, n := range p.notes {
		out += card("#8a5a00", para+text(n)+"</p>")
	}
	if len(p.intro) > 0 {
		out += `<tr><td style="padding:0 4px 4px 4px;">` + each(p.intro, func(s string) markup { return para + text(s) + "</p>" }) + "</td></tr>\n"
	}
	out += each(p.items, item.html)
	if len(p.rows) > 0 {
		out += card("#60646c", section+"Others</p>"+table+">"+each(p.rows, row.html)+"</table>")
	}
	if p.more > 0 {
		out += card("#60646c", para+"And "+text(count(p.more, "workload"))+" more; <code>kubectl get zombies</code> names them all.</p>")
	}
	if len(p.resolved) > 0 {
		out += card("#1a7f37", section+"Gone</p>"+each(p.resolved, func(s string) markup { return para + text(s) + "</p>" }))
	}
	return string(out + p.footer() + "</table>\n</td></tr></table>\n</body>\n</html>\n")
}

func (p page) footer() markup {
	out := `<tr><td style="padding:8px 4px 0 4px;">` + small + text(p.sent) + "</p>\n"
	if p.command != "" {
		out += small + text(p.optOut) + ` <code style="` + mono + `font-size:12px;">` + text(p.command) + "</code></p>\n"
	}
	return out + small + text(signature) + "</p></td></tr>\n"
}

// card is a box with a stripe whose colour says how urgent it is.
func card(color, content markup) markup {
	return `<tr><td style="padding:0 0 12px 0;">` + table + ` style="background-color:#ffffff;border:1px solid #d9dce1;border-left:4px solid ` + color +
		`;border-radius:8px;"><tr><td style="padding:14px 16px;">` + "\n" + content + "\n</td></tr></table></td></tr>\n"
}

func (i item) html() markup {
	color := markup("#8a5a00")
	if i.severity == string(notice.Critical) {
		color = "#b3261e"
	}
	out := `<h2 style="margin:0 0 2px 0;font-size:17px;line-height:24px;font-weight:600;overflow-wrap:anywhere;` + ink + `">` + text(i.title) +
		` <span style="font-size:12px;font-weight:600;color:` + color + `;">` + text(strings.ToUpper(i.severity)) + "</span></h2>\n" +
		para + text(i.lead) + "</p>\n" + table + ">" + each(i.facts, fact.html) + "</table>\n"
	if len(i.done) > 0 {
		out += section + "Done</p>\n" + each(i.done, func(s string) markup { return para + text(s) + "</p>\n" })
	}
	if q := i.quick; q != nil {
		out += section + "Quick fix</p>\n" + para + text(strings.ToUpper(q.what[:1])+q.what[1:]) + "</p>\n" + block + pre(q.commands) + "</pre>\n"
	}
	return card(color, out+each(i.fixes, fixes.html))
}

func (f fact) html() markup {
	return `<tr><td valign="top" width="64" style="padding:2px 10px 2px 0;font-size:13px;line-height:19px;white-space:nowrap;` + faint + `">` + text(f.label) +
		`</td><td valign="top" style="padding:2px 0;font-size:13px;line-height:19px;overflow-wrap:anywhere;` + ink + `">` + text(f.text) + "</td></tr>\n"
}

func (f fixes) html() markup {
	out := section + text(f.title) + "</p>\n"
	for n, one := range f.list {
		or := markup("")
		if n > 0 {
			or = `<span style="` + faint + `">or</span> `
		}
		out += para + or + text(one.text)
		if one.note != "" {
			out += `<br><span style="` + faint + `">` + text(one.note) + "</span>"
		}
		if one.url != "" {
			out += ` <a href="` + text(one.url) + `" style="color:#0b57d0;">How, and its limits</a>`
		}
		out += "</p>\n" + each(one.patches, func(p patch) markup {
			return small + text(p.title) + "</p>\n" + block + pre(p.lines) + "</pre>\n"
		})
	}
	return out
}

// pre are lines of a block. A line feed that follows the tag would be dropped.
func pre(list []string) markup { return text(strings.Join(list, "\n")) }

func (r row) html() markup {
	cell := func(s string) markup {
		return `<td valign="top" style="padding:3px 8px 3px 0;font-size:13px;line-height:19px;overflow-wrap:anywhere;` + ink + `">` + text(s) + "</td>"
	}
	return "<tr>" + cell(r.workload) + cell(r.severity) + cell(r.zombies) + cell(r.since) + cell(r.cause) + "</tr>\n"
}
