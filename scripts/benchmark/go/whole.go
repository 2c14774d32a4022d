package main

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

const headKept = 200 // bytes of a wrong answer that its error shows

// counter counts a text in what is written to it, so that a body of many megabytes need not be held to be checked.
type counter struct {
	text  []byte
	count int
	head  []byte // the first of all that was written
	tail  []byte // in which the text may have begun
}

func (c *counter) Write(data []byte) (int, error) {
	c.head = append(c.head, data[:min(len(data), headKept-len(c.head))]...)
	joined := append(c.tail, data...)
	c.count += bytes.Count(joined, c.text)
	c.tail = append([]byte(nil), joined[max(0, len(joined)-len(c.text)+1):]...)
	return len(data), nil
}

// readWhole reads an answer in one piece: it must hold each token, or as many vectors as there were texts.
func (r *run) readWhole(body io.Reader, begin time.Time) outcome {
	what, text, expected := "tokens", "@", r.spec.Events
	if r.spec.Work == "embed" {
		what, text, expected = "vectors", `"index":`, r.spec.Inputs
		if r.spec.Face == "ollama" {
			text, expected = "],[", r.spec.Inputs-1
		}
	}
	counted := &counter{text: []byte(text)}
	_, err := io.CopyBuffer(counted, body, make([]byte, 1<<16))
	result := outcome{status: 200, took: time.Since(begin).Nanoseconds()}
	if err != nil {
		result.failure = "broken off: " + err.Error()
	} else if counted.count != expected {
		result.failure = fmt.Sprintf("%q %d times, not %d (%s): %s", text, counted.count, expected, what, counted.head)
	}
	return result
}
