package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// snapshot is the state of the watched process and of the run at one moment.
type snapshot struct {
	at            time.Time
	cpuNs, rssKib int64
	events        int64
	opened, ended int64
}

// watch reads the CPU time and the memory of one process from /proc.
type watch struct {
	pid     int
	mutex   sync.Mutex
	threads map[string]int64 // nanoseconds that each thread has run; those that have ended stay
}

// newWatch returns nil where there is nothing to watch, or no /proc to read.
func newWatch(pid int) *watch {
	if pid == 0 {
		return nil
	}
	w := &watch{pid: pid, threads: map[string]int64{}}
	if w.cpuNs() == 0 {
		return nil
	}
	return w
}

// cpuNs is the time that all threads have run, from schedstat: the ticks of stat are 10 ms, too coarse for a request.
func (w *watch) cpuNs() int64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	folder := fmt.Sprintf("/proc/%d/task", w.pid)
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		text, err := os.ReadFile(folder + "/" + entry.Name() + "/schedstat")
		if err != nil {
			continue // the thread has just ended, or the kernel keeps no such numbers
		}
		if fields := bytes.Fields(text); len(fields) > 0 {
			ran, _ := strconv.ParseInt(string(fields[0]), 10, 64)
			w.threads[entry.Name()] = ran
		}
	}
	var sum int64
	for _, ran := range w.threads {
		sum += ran
	}
	if sum == 0 {
		return w.ticksNs()
	}
	return sum
}

// ticksNs is the CPU time from stat, in steps of 10 ms.
func (w *watch) ticksNs() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.pid))
	if err != nil {
		return 0
	}
	// The second field is the program's name in brackets, which may hold anything: count from behind it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return (user + system) * int64(10*time.Millisecond)
}

// rssKib is the resident memory.
func (w *watch) rssKib() int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.pid))
	_, after, _ := bytes.Cut(text, []byte("VmRSS:"))
	fields := bytes.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(string(fields[0]), 10, 64)
	return kib
}

// Window is what happened while all streams were open: between the last to begin and the first to end.
type Window struct {
	Events  int64   `json:"events"`
	CPUNs   int64   `json:"cpu_ns"`
	Seconds float64 `json:"seconds"`
	RSSKib  int64   `json:"rss_kib"` // the highest seen
}

// windowOf finds that time in the snapshots of a run of this many streams; nil when fewer than two fall into it.
func windowOf(snapshots []snapshot, streams int64) *Window {
	var inside []snapshot
	for _, each := range snapshots {
		if each.opened == streams && each.ended == 0 {
			inside = append(inside, each)
		}
	}
	if len(inside) < 2 {
		return nil
	}
	first, last := inside[0], inside[len(inside)-1]
	window := &Window{
		Events:  last.events - first.events,
		CPUNs:   last.cpuNs - first.cpuNs,
		Seconds: last.at.Sub(first.at).Seconds(),
	}
	for _, each := range inside {
		window.RSSKib = max(window.RSSKib, each.rssKib)
	}
	return window
}
