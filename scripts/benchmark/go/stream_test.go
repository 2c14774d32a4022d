package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func body(numbers []int, ending string) string {
	var text []byte
	for _, number := range numbers {
		text = append(appendMarker(append(text, `data: {"content":"`...), number, 5), "\"}\n\n"...)
	}
	return string(text) + ending
}

func read(t *testing.T, source io.Reader, events int) outcome {
	t.Helper()
	r := &run{spec: Spec{Face: "openai", Work: "stream", Events: events}}
	return r.readStream(source, time.Now(), nil)
}

func TestAStreamIsReadAlikeHoweverItIsCut(t *testing.T) {
	text := body([]int{0, 1, 2, 3}, "data: [DONE]\n\n")
	for name, source := range map[string]io.Reader{
		"whole":        strings.NewReader(text),
		"byte by byte": iotest.OneByteReader(strings.NewReader(text)),
		"in halves":    iotest.HalfReader(strings.NewReader(text)),
	} {
		outcome := read(t, source, 4)
		if outcome.failure != "" || len(outcome.delays) != 4 || len(outcome.gaps) != 3 {
			t.Errorf("%s: %+v", name, outcome)
		}
	}
}

func TestAWrongStreamIsToldFromARightOne(t *testing.T) {
	const done = "data: [DONE]\n\n"
	for text, wants := range map[string]string{
		body([]int{0, 1}, done):    "2 tokens of 3",
		body([]int{0, 2, 1}, done): "token 2 where 1 was due",
		body([]int{0, 1, 2}, ""):   "ending seen: false",
	} {
		if outcome := read(t, strings.NewReader(text), 3); !strings.Contains(outcome.failure, wants) {
			t.Errorf("%q instead of %q", outcome.failure, wants)
		}
	}
	broken := io.MultiReader(strings.NewReader(body([]int{0}, "")), iotest.ErrReader(io.ErrUnexpectedEOF))
	if outcome := read(t, broken, 3); !strings.Contains(outcome.failure, "broken off") {
		t.Errorf("%q", outcome.failure)
	}
}

func TestVectorsAreCountedAcrossReads(t *testing.T) {
	for inputs, text := range map[int]string{1: `{"embeddings":[[1,2]]}`, 3: `{"embeddings":[[1],[2],[3]]}`} {
		r := &run{spec: Spec{Face: "ollama", Work: "embed", Inputs: inputs}}
		if outcome := r.readWhole(iotest.OneByteReader(strings.NewReader(text)), time.Now()); outcome.failure != "" {
			t.Error(outcome.failure)
		}
		r.spec.Inputs++
		if outcome := r.readWhole(strings.NewReader(text), time.Now()); outcome.failure == "" {
			t.Errorf("%d vectors taken for %d", inputs, inputs+1)
		}
	}
}

func TestTheWindowIsTheTimeInWhichAllStreamsAreOpen(t *testing.T) {
	at := time.Unix(0, 0)
	snapshots := []snapshot{
		{at: at, cpuNs: 1, events: 1, opened: 1},
		{at: at.Add(time.Second), cpuNs: 10, rssKib: 7, events: 20, opened: 2},
		{at: at.Add(2 * time.Second), cpuNs: 30, rssKib: 9, events: 50, opened: 2},
		{at: at.Add(3 * time.Second), cpuNs: 90, rssKib: 99, events: 99, opened: 2, ended: 1},
	}
	wants := Window{Events: 30, CPUNs: 20, Seconds: 1, RSSKib: 9}
	if window := windowOf(snapshots, 2); window == nil || *window != wants {
		t.Errorf("%+v", window)
	}
	if window := windowOf(snapshots, 3); window != nil {
		t.Errorf("%+v", window)
	}
}

func TestPercentilesAreMeasuredTimes(t *testing.T) {
	var times []int64
	for i := range 200 {
		times = append(times, int64(200-i)*1e6)
	}
	if spread := fmt.Sprint(*spreadOf(times)); spread != "{100 198 200}" {
		t.Error(spread)
	}
	if spreadOf(nil) != nil {
		t.Error("a spread of nothing")
	}
}
