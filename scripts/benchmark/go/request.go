package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// paths of each kind of work in each protocol.
var paths = map[string]map[string]string{
	"ollama": {"whole": "/api/chat", "stream": "/api/chat", "embed": "/api/embed"},
	"openai": {"whole": "/v1/chat/completions", "stream": "/v1/chat/completions", "embed": "/v1/embeddings"},
}

// request makes the path and the body; the body is what the ollama and openai packages send for this work.
func request(spec Spec) (path string, body []byte) {
	fields := map[string]any{"model": modelName(spec.Events, time.Duration(spec.EveryUs)*time.Microsecond)}
	switch {
	case spec.Work == "embed":
		fields["input"] = texts(spec.Inputs)
		if spec.Face == "openai" {
			fields["encoding_format"] = "base64" // the openai package asks for it by default
		}
	case spec.Work == "stream" && spec.Face == "openai":
		fields["stream_options"] = map[string]any{"include_usage": true}
		fallthrough
	default:
		fields["messages"] = messages(spec.Messages, spec.MessageSize)
		fields["stream"] = spec.Work == "stream"
	}
	body, _ = json.Marshal(fields) // strings, numbers and booleans: it cannot fail
	return paths[spec.Face][spec.Work], body
}

func texts(count int) []string {
	made := make([]string, count)
	for i := range made {
		made[i] = fmt.Sprintf("text %d of a benchmark", i)
	}
	return made
}

// messages is a conversation in which both sides take turns, the user first and last (count is odd).
func messages(count, size int) []map[string]string {
	made := make([]map[string]string, count)
	for i := range made {
		content := strings.Repeat("Why is the sky \"blue\"?\n", size/23+1)[:size]
		made[i] = map[string]string{"role": [2]string{"user", "assistant"}[i%2], "content": content}
	}
	return made
}

// outcome is what became of one request; times in nanoseconds.
type outcome struct {
	status       int
	failure      string // empty when the answer was right to its end
	took, first  int64
	delays, gaps []int64
	marks        []int64
}

// ask makes one request and reads its answer to the end; opened is called at the first token of a stream.
func (r *run) ask(opened func()) outcome {
	posted, err := http.NewRequestWithContext(r.ctx, http.MethodPost, r.spec.URL+r.path, bytes.NewReader(r.body))
	if err != nil {
		return outcome{failure: err.Error()}
	}
	posted.Header.Set("Content-Type", "application/json")
	posted.Header.Set("Authorization", "Bearer bench")
	begin := time.Now()
	response, err := r.client.Do(posted)
	if err != nil {
		return outcome{failure: err.Error()}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 300))
		return outcome{status: response.StatusCode, failure: fmt.Sprintf("%s: %s", response.Status, text)}
	}
	if r.spec.Work == "stream" {
		return r.readStream(response.Body, begin, opened)
	}
	return r.readWhole(response.Body, begin)
}
