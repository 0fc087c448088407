package deidfhir

import (
	"bytes"
	"html"

	"github.com/baakit/baakit/deid"
	"github.com/baakit/baakit/internal/jsonscan"
)

var narrativeNames = []string{"status", "div"}

// narrative transforms a Narrative: the text of its div, without any markup,
// goes through the text scrubber, and the whole goes if there is none. What a
// tag holds, such as the address of a link, does not come back.
func (w *walk) narrative(n *node, i, depth int) (int, bool, error) {
	var f [2]field
	if err := w.ahead(i, depth, narrativeNames, f[:]); err != nil {
		return i, false, err
	}
	end := jsonscan.Skip(w.src, i, w.maxDepth-depth)
	if end < 0 {
		return i, false, w.broken(i)
	}
	m := n.members.find([]byte("div"))
	place := n.members.list[m].node.place
	div := f[1].text(nil)
	if div == nil {
		w.c.Unknown(n.unknown)
		return end, false, nil
	}
	if place.Action() != deid.Scrub {
		w.c.Unknown(place)
		return end, false, nil
	}
	out, o, err := w.c.Apply(w.value[:0], place, plain(div))
	w.value = out
	if err != nil {
		return i, false, err
	}
	if o.Gone() || o.Verbatim() {
		return end, false, nil
	}
	status := f[0].text(nil)
	if !w.allowed(checkCode, status) {
		status = []byte("additional")
	}
	w.out = append(w.out, `{"status":`...)
	w.put(append(append([]byte{'"'}, status...), '"'), mark{made: true})
	w.out = append(w.out, `,"div":`...)
	at := len(w.out)
	xhtml := `<div xmlns="http://www.w3.org/1999/xhtml">` + html.EscapeString(string(out)) + `</div>`
	w.out = append(jsonscan.AppendString(w.out, []byte(xhtml)), '}')
	w.marks = append(w.marks, mark{at: int32(at), kind: deid.KindText})
	return end, true, nil
}

// plain is the text of XHTML: tags become spaces, those of a block line ends.
func plain(div []byte) []byte {
	text := make([]byte, 0, len(div))
	for len(div) > 0 {
		i := bytes.IndexByte(div, '<')
		if i < 0 {
			text = append(text, div...)
			break
		}
		text = append(text, div[:i]...)
		div = div[i:]
		stop := []byte{'>'}
		if bytes.HasPrefix(div, []byte("<!--")) {
			stop = []byte("-->")
		}
		j := bytes.Index(div, stop)
		if j < 0 {
			break
		}
		if isInline(div[1:j]) {
			// It may stand inside a word.
		} else {
			text = append(text, '\n')
		}
		div = div[j+len(stop):]
	}
	return bytes.TrimSpace([]byte(html.UnescapeString(string(text))))
}

func isInline(tag []byte) bool {
	tag = bytes.TrimPrefix(tag, []byte{'/'})
	n := 0
	for n < len(tag) && isAlnum(tag[n]) {
		n++
	}
	switch string(tag[:n]) {
	case "a", "b", "i", "em", "strong", "span", "small", "big", "tt", "sub", "sup", "code", "abbr":
		return true
	}
	return false
}
