package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const dimensions = 1536 // of text-embedding-3-small

// modelName is how a request tells this server what to do: a proxy that translates leaves the model's name alone.
func modelName(events int, every time.Duration) string {
	return fmt.Sprintf("bench-%d-%d", events, every.Microseconds())
}

func readModelName(model string) (events int, every time.Duration, err error) {
	var microseconds int
	if _, err = fmt.Sscanf(model, "bench-%d-%d", &events, &microseconds); err != nil {
		return 0, 0, fmt.Errorf("the model %q is not bench-EVENTS-MICROSECONDS", model)
	}
	return events, time.Duration(microseconds) * time.Microsecond, nil
}

// serve answers until standard input ends, so that it cannot outlive the benchmark.
func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	routes := http.NewServeMux()
	routes.HandleFunc("GET /v1/models", answerModels)
	routes.HandleFunc("POST /v1/chat/completions", answerChat)
	routes.HandleFunc("POST /v1/embeddings", answerEmbeddings)
	server := &http.Server{
		Handler: routes,
		ConnContext: func(ctx context.Context, connection net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, connection)
		},
	}
	return server.Serve(batchListener{listener})
}

func answerModels(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"object":"list","data":[{"id":"bench","object":"model","created":1732000000,"owned_by":"bench"}]}`)
}

func answerChat(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Model  string `json:"model"`
		Stream bool   `json:"stream"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	events, every, err := readModelName(request.Model)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if request.Stream {
		streamChat(w, r, request.Model, events, every)
	} else {
		wholeChat(w, request.Model, events, every)
	}
}

// wholeChat answers in one piece after the time that the events would have taken.
func wholeChat(w http.ResponseWriter, model string, events int, every time.Duration) {
	time.Sleep(time.Duration(events) * every)
	body := []byte(`{"id":"chatcmpl-bench","object":"chat.completion","created":1732000000,"model":"` + model +
		`","choices":[{"index":0,"message":{"role":"assistant","content":"`)
	for number := range events {
		body = appendMarker(body, number, time.Now().UnixNano())
	}
	body = append(body, `","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],`...)
	body = append(body, usage(events)+`,"service_tier":"default","system_fingerprint":"fp_bench"}`...)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// streamChat writes each event on its own, as OpenAI does: the first at once, the others at equal distances.
func streamChat(w http.ResponseWriter, r *http.Request, model string, events int, every time.Duration) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	flusher := w.(http.Flusher)
	if connection := r.Context().Value(connectionKey{}).(*batchConn); every == 0 {
		connection.begin()
		defer connection.end()
	}
	head := `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1732000000,"model":"` + model +
		`","service_tier":"default","system_fingerprint":"fp_bench",`
	before := []byte(head + `"choices":[{"index":0,"delta":{"content":"`)
	after := []byte(`"},"logprobs":null,"finish_reason":null}],"usage":null}` + "\n\n")
	buffer := make([]byte, 0, len(before)+markerLength+len(after))
	due := time.Now()
	for number := range events {
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		buffer = append(appendMarker(append(buffer[:0], before...), number, time.Now().UnixNano()), after...)
		if _, err := w.Write(buffer); err != nil || r.Context().Err() != nil {
			return
		}
		flusher.Flush()
		due = due.Add(every)
	}
	fmt.Fprint(w, head+`"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}`+"\n\n"+
		head+`"choices":[],`+usage(events)+"}\n\ndata: [DONE]\n\n")
}

func usage(events int) string {
	return fmt.Sprintf(`"usage":{"prompt_tokens":10,"completion_tokens":%d,"total_tokens":%d}`, events, 10+events)
}

func answerEmbeddings(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Input          []string `json:"input"`
		EncodingFormat string   `json:"encoding_format"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, "the input is not a list of strings: "+err.Error(), http.StatusBadRequest)
		return
	}
	body := embeddings(len(request.Input), request.EncodingFormat == "base64")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

var bodies sync.Map // of embeddings, under {count, inBase64}: making one costs more than sending it

func embeddings(count int, inBase64 bool) []byte {
	key := struct {
		count    int
		inBase64 bool
	}{count, inBase64}
	if body, known := bodies.Load(key); known {
		return body.([]byte)
	}
	vectors := vectorTexts(inBase64)
	var body strings.Builder
	body.WriteString(`{"object":"list","data":[`)
	for index := range count {
		if index > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"object":"embedding","index":%d,"embedding":%s}`, index, vectors[index%len(vectors)])
	}
	fmt.Fprintf(&body, `],"model":"bench","usage":{"prompt_tokens":%d,"total_tokens":%d}}`, 8*count, 8*count)
	made, _ := bodies.LoadOrStore(key, []byte(body.String()))
	return made.([]byte)
}

// vectorTexts are a few unit vectors of 32-bit floats as JSON, the same in every run.
func vectorTexts(inBase64 bool) []string {
	random := rand.New(rand.NewSource(1))
	texts := make([]string, 32)
	for i := range texts {
		vector := make([]float64, dimensions)
		var squares float64
		for j := range vector {
			vector[j] = random.NormFloat64()
			squares += vector[j] * vector[j]
		}
		var raw []byte
		numbers := make([]string, dimensions)
		for j, value := range vector {
			single := float32(value / math.Sqrt(squares))
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(single))
			numbers[j] = strconv.FormatFloat(float64(single), 'g', -1, 32)
		}
		if inBase64 {
			texts[i] = `"` + base64.StdEncoding.EncodeToString(raw) + `"`
		} else {
			texts[i] = "[" + strings.Join(numbers, ",") + "]"
		}
	}
	return texts
}
