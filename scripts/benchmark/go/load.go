package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Spec is what to do. Requests are made in a closed loop: each connection asks again when it has its answer.
type Spec struct {
	URL         string  `json:"url"`         // such as http://127.0.0.1:11434
	Face        string  `json:"face"`        // "ollama" or "openai": whose protocol is spoken
	Work        string  `json:"work"`        // "whole", "stream" or "embed"
	PID         int     `json:"pid"`         // whose CPU time and memory is read; 0 is nobody's
	Connections int     `json:"connections"` // how many ask at once
	Keep        bool    `json:"keep"`        // whether a connection serves several requests, or each has a new one
	Requests    int     `json:"requests"`    // how many are made together; 0 is as many as fit into Seconds
	Seconds     float64 `json:"seconds"`     // after which no request begins; 0 is no limit
	RampMs      int     `json:"ramp_ms"`     // over which the connections begin, evenly
	Warm        int     `json:"warm"`        // requests before the first that counts, one after the other
	Events      int     `json:"events"`      // tokens of an answer
	EveryUs     int     `json:"every_us"`    // between two tokens
	Messages    int     `json:"messages"`    // of a chat
	MessageSize int     `json:"message_size"`
	Inputs      int     `json:"inputs"`     // texts to embed
	Marks       []int   `json:"marks"`      // numbers of tokens at whose arrival the CPU time is noted
	DeadlineS   float64 `json:"deadline_s"` // after which all is given up
}

// Result is what happened. Times that do not occur in this kind of work are null.
type Result struct {
	Unsupported int       `json:"unsupported"` // the status that says so, if the target does not know the route
	Requests    int       `json:"requests"`
	Complete    int       `json:"complete"` // requests whose answer was right to its end
	Errors      []string  `json:"errors"`   // the first few
	Seconds     float64   `json:"seconds"`
	CPUNs       *int64    `json:"cpu_ns"` // of the watched process
	Events      int64     `json:"events"`
	Latency     *Spread   `json:"latency_ms"` // of requests answered whole
	First       *Spread   `json:"first_ms"`   // to the first token
	Delay       *Spread   `json:"delay_ms"`   // of a token, since the server wrote it
	Gap         *Spread   `json:"gap_ms"`     // between two tokens of a stream
	Open        *Window   `json:"open"`
	Marks       [][]int64 `json:"marks_ns"` // CPU time at each mark, a list for each stream
}

const errorsKept = 5

// run is the state of one measurement.
type run struct {
	spec    Spec
	client  *http.Client
	path    string
	body    []byte
	watch   *watch
	ctx     context.Context
	taken   atomic.Int64
	events  atomic.Int64
	opened  atomic.Int64
	ended   atomic.Int64
	mutex   sync.Mutex // of what follows
	result  Result
	samples samples
}

type samples struct{ latency, first, delay, gap []int64 } // nanoseconds

// load makes the requests.
func load(spec Spec) Result {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(spec.DeadlineS*float64(time.Second)))
	defer cancel()
	transport := &http.Transport{
		MaxIdleConnsPerHost: spec.Connections,
		DisableCompression:  true,
		DisableKeepAlives:   !spec.Keep,
		ReadBufferSize:      1 << 16,
	}
	client := &http.Client{Transport: transport}
	for range spec.Warm {
		outcome := newRun(ctx, client, spec.short()).ask(nil)
		if outcome.status == http.StatusNotFound || outcome.status == http.StatusNotImplemented {
			return Result{Unsupported: outcome.status}
		}
		if outcome.failure != "" {
			return Result{Requests: 1, Errors: []string{"warming up: " + outcome.failure}}
		}
	}
	r := newRun(ctx, client, spec)
	r.watch = newWatch(spec.PID)
	r.measure()
	return r.result
}

func newRun(ctx context.Context, client *http.Client, spec Spec) *run {
	path, body := request(spec)
	return &run{spec: spec, client: client, path: path, body: body, ctx: ctx}
}

// short is the same kind of request with an answer that takes no time.
func (s Spec) short() Spec {
	s.Events, s.EveryUs = min(s.Events, 10), 0
	return s
}

// measure runs all connections and fills the result.
func (r *run) measure() {
	stop, sampled := make(chan struct{}), make(chan []snapshot)
	go func() { sampled <- r.sample(stop) }()
	begin := r.snapshot()
	var workers sync.WaitGroup
	for index := range r.spec.Connections {
		workers.Add(1)
		go func() {
			defer workers.Done()
			time.Sleep(time.Duration(r.spec.RampMs) * time.Millisecond * time.Duration(index) / time.Duration(r.spec.Connections))
			r.work(begin.at)
		}()
	}
	workers.Wait()
	end := r.snapshot()
	close(stop)
	snapshots := <-sampled
	if r.watch != nil {
		spent := end.cpuNs - begin.cpuNs
		r.result.CPUNs = &spent
	}
	r.result.Seconds = end.at.Sub(begin.at).Seconds()
	r.result.Events = end.events
	r.result.Latency = spreadOf(r.samples.latency)
	r.result.First = spreadOf(r.samples.first)
	r.result.Delay = spreadOf(r.samples.delay)
	r.result.Gap = spreadOf(r.samples.gap)
	r.result.Open = windowOf(snapshots, int64(r.spec.Connections))
}

// work asks until there is nothing more to ask.
func (r *run) work(begin time.Time) {
	limit := time.Duration(r.spec.Seconds * float64(time.Second))
	for r.ctx.Err() == nil {
		if taken := r.taken.Add(1); r.spec.Requests > 0 && taken > int64(r.spec.Requests) {
			return
		}
		if limit > 0 && time.Since(begin) > limit {
			return
		}
		outcome := r.ask(r.opening)
		r.ended.Add(1)
		r.keep(outcome)
	}
}

// opening tells the parent, once, that all streams are open.
func (r *run) opening() {
	if r.opened.Add(1) == int64(r.spec.Connections) {
		fmt.Fprintln(os.Stdout, "open")
	}
}

func (r *run) keep(outcome outcome) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.result.Requests++
	if outcome.failure == "" {
		r.result.Complete++
	} else if len(r.result.Errors) < errorsKept {
		r.result.Errors = append(r.result.Errors, outcome.failure)
	}
	if r.spec.Work == "stream" {
		r.samples.first = append(r.samples.first, outcome.first)
	} else {
		r.samples.latency = append(r.samples.latency, outcome.took)
	}
	r.samples.delay = append(r.samples.delay, outcome.delays...)
	r.samples.gap = append(r.samples.gap, outcome.gaps...)
	if len(r.spec.Marks) > 0 {
		r.result.Marks = append(r.result.Marks, outcome.marks)
	}
}

func (r *run) snapshot() snapshot {
	now := snapshot{at: time.Now(), events: r.events.Load(), opened: r.opened.Load(), ended: r.ended.Load()}
	if r.watch != nil {
		now.cpuNs, now.rssKib = r.watch.cpuNs(), r.watch.rssKib()
	}
	return now
}

// sample takes a snapshot forty times a second.
func (r *run) sample(stop <-chan struct{}) []snapshot {
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	var snapshots []snapshot
	for {
		select {
		case <-ticker.C:
			snapshots = append(snapshots, r.snapshot())
		case <-stop:
			return snapshots
		}
	}
}
