package ir

import (
	"fmt"
	"strconv"
)

type tokenKind uint8

const (
	endToken tokenKind = iota
	nameToken
	numberToken
	textToken
	markToken // one punctuation character
)

type token struct {
	kind      tokenKind
	text      string
	line, col int
}

type parser struct {
	text      string
	at        int
	line      int
	lineStart int
	tok       token
	funcs     map[string]*Func
}

// failf gives up at the token that comes next.
func (p *parser) failf(format string, args ...any) { p.failAt(p.tok, format, args...) }

func (p *parser) failAt(at token, format string, args ...any) {
	panic(&SyntaxError{at.line, at.col, fmt.Sprintf(format, args...)})
}

func isNameByte(c byte) bool {
	return c == '_' || c == '%' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// advance reads the next token. Names may hold dots, hyphens, digits and
// letters of any script; a number begins with a digit or a sign.
func (p *parser) advance() {
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c == '\n' {
			p.line++
			p.lineStart = p.at + 1
		}
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			break
		}
		p.at++
	}
	p.tok = token{kind: endToken, line: p.line, col: p.at - p.lineStart + 1}
	if p.at >= len(p.text) {
		return
	}
	start := p.at
	c := p.text[p.at]
	switch {
	case c == '"':
		p.tok.kind = textToken
		p.at++
		for p.at < len(p.text) && p.text[p.at] != '"' && p.text[p.at] != '\n' {
			if p.text[p.at] == '\\' {
				p.at++
			}
			p.at++
		}
		p.at = min(p.at+1, len(p.text))
		s, err := strconv.Unquote(p.text[start:p.at])
		if err != nil {
			p.failf("text without an end, or with a wrong escape")
		}
		p.tok.text = s
	case c == '-' || c >= '0' && c <= '9':
		p.tok.kind = numberToken
		p.at++
		for p.at < len(p.text) && (isNameByte(p.text[p.at]) || (p.text[p.at] == '-' || p.text[p.at] == '+') && p.text[p.at-1] == 'e') {
			p.at++
		}
		p.tok.text = p.text[start:p.at]
	case isNameByte(c):
		p.tok.kind = nameToken
		for p.at < len(p.text) && (isNameByte(p.text[p.at]) || p.text[p.at] == '-') {
			p.at++
		}
		p.tok.text = p.text[start:p.at]
	default:
		p.tok.kind = markToken
		p.at++
		p.tok.text = p.text[start:p.at]
	}
}

func (p *parser) mark(m string) bool {
	if p.tok.kind == markToken && p.tok.text == m {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expect(m string) {
	if !p.mark(m) {
		p.failf("want %q, found %q", m, p.tok.text)
	}
}

func (p *parser) name() string {
	if p.tok.kind != nameToken {
		p.failf("want a name, found %q", p.tok.text)
	}
	s := p.tok.text
	p.advance()
	return s
}

// list reads items between commas up to a closing mark, which it takes.
func (p *parser) list(end string, item func()) {
	for !p.mark(end) {
		item()
		if !p.mark(",") {
			p.expect(end)
			return
		}
	}
}
