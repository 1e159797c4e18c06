// net/http on loopback: a server and its clients in one process.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Method", r.Method)
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, "%s %d", r.URL.Query().Get("name"), len(body))
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		for part := 0; part < 4; part++ {
			fmt.Fprintf(w, "part %d\n", part)
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/json", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"numbers": []int{1, 2, 3}, "nested": map[string]bool{"yes": true}})
	})
	server := &http.Server{Handler: mux}
	stopped := make(chan error)
	go func() { stopped <- server.Serve(listener) }()
	base := "http://" + listener.Addr().String()

	var group sync.WaitGroup
	answers := make([]string, 20)
	for i := range answers {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			answer, err := http.Post(fmt.Sprintf("%s/echo?name=n%02d", base, i), "text/plain",
				strings.NewReader(strings.Repeat("x", i*5000)))
			if err != nil {
				answers[i] = err.Error()
				return
			}
			defer answer.Body.Close()
			body, _ := io.ReadAll(answer.Body)
			answers[i] = fmt.Sprint(answer.StatusCode, answer.Header.Get("X-Method"), " ", string(body))
		}(i)
	}
	group.Wait()
	sort.Strings(answers)
	fmt.Println(strings.Join(answers, "\n"))

	for _, path := range []string{"/stream", "/json", "/nothing"} {
		answer, err := http.Get(base + path)
		if err != nil {
			fmt.Println(err)
			continue
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		fmt.Printf("%s %q %v %v\n", answer.Status, body, answer.TransferEncoding, err)
	}

	impatient := http.Client{Timeout: 20 * time.Millisecond}
	_, err = impatient.Get(base + "/slow")
	timeout, ok := err.(interface{ Timeout() bool })
	fmt.Println("timed out:", ok && timeout.Timeout())

	fmt.Println(server.Close(), <-stopped)
	_, err = net.Dial("tcp", listener.Addr().String())
	fmt.Println(strings.HasSuffix(err.Error(), "connection refused"))
	addresses, err := net.LookupHost("localhost")
	fmt.Println(len(addresses) > 0, err)
}
