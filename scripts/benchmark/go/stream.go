package main

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// endings is the text by which a stream says that it is complete.
var endings = map[string][]byte{"ollama": []byte(`"done":true`), "openai": []byte("data: [DONE]")}

const tailKept = 200 // bytes of a broken stream that its error shows

// streamReader takes a stream as it arrives: several events may come in one read, and a read may end within one.
type streamReader struct {
	run      *run
	begin    time.Time
	opened   func()
	outcome  outcome
	next     int // number of the token that comes next
	previous time.Time
	searched int // of the kept bytes, how many hold no further marker
	kept     []byte
	complete bool
}

// readStream reads a body to its end; every token must be there, in order, and the ending after them.
func (r *run) readStream(body io.Reader, begin time.Time, opened func()) outcome {
	reader := &streamReader{run: r, begin: begin, opened: opened, outcome: outcome{status: 200}}
	reader.outcome.delays = make([]int64, 0, r.spec.Events)
	reader.outcome.gaps = make([]int64, 0, r.spec.Events)
	buffer := make([]byte, 1<<16)
	for {
		count, err := body.Read(buffer)
		if count > 0 && reader.outcome.failure == "" {
			reader.feed(buffer[:count], time.Now())
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			reader.fail("broken off: " + err.Error())
			break
		}
	}
	if reader.next != r.spec.Events || !reader.complete {
		reader.fail(fmt.Sprintf("%d tokens of %d, ending seen: %t", reader.next, r.spec.Events, reader.complete))
	}
	return reader.outcome
}

// feed takes what one read brought; all of it has arrived at this moment.
func (s *streamReader) feed(data []byte, now time.Time) {
	s.kept = append(s.kept, data...)
	before := s.next
	for {
		number, writtenNs, used, found := nextMarker(s.kept[s.searched:])
		s.searched += used
		if !found {
			break
		}
		if number != s.next {
			s.fail(fmt.Sprintf("token %d where %d was due", number, s.next))
			return
		}
		s.arrive(writtenNs, now)
	}
	s.complete = s.complete || bytes.Contains(s.kept, endings[s.run.spec.Face])
	s.run.events.Add(int64(s.next - before))
	keep := max(len(s.kept)-s.searched, min(len(s.kept), tailKept))
	dropped := len(s.kept) - keep
	s.kept = append(s.kept[:0], s.kept[dropped:]...)
	s.searched -= dropped
}

func (s *streamReader) arrive(writtenNs int64, now time.Time) {
	if s.next == 0 {
		s.outcome.first = now.Sub(s.begin).Nanoseconds()
		if s.opened != nil {
			s.opened()
		}
	} else {
		s.outcome.gaps = append(s.outcome.gaps, now.Sub(s.previous).Nanoseconds())
	}
	s.outcome.delays = append(s.outcome.delays, now.UnixNano()-writtenNs)
	s.previous = now
	s.next++
	if at := len(s.outcome.marks); at < len(s.run.spec.Marks) && s.next == s.run.spec.Marks[at] {
		s.outcome.marks = append(s.outcome.marks, s.cpuNs())
	}
}

func (s *streamReader) cpuNs() int64 {
	if s.run.watch == nil {
		return 0
	}
	return s.run.watch.cpuNs()
}

// fail keeps the first thing that went wrong, with the end of what had come.
func (s *streamReader) fail(what string) {
	if s.outcome.failure == "" {
		s.outcome.failure = fmt.Sprintf("%s; last: %q", what, s.kept[max(0, len(s.kept)-tailKept):])
	}
}
