// SPDX-License-Identifier: BSD-2-Clause
//
// An HTTP server, and a client in the same process: for t-languages.sh.
//
// usage: serve ADDRESS [outside]	outside: until somebody asks for /end
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

func handler(end chan bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/end", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "ends")
		end <- true
	})
	mux.HandleFunc("/sum", func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprintln(w, n)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s\n", r.Method, r.URL.Path, r.Host[:9])
	})
	return mux
}

func main() {
	end := make(chan bool, 1)
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	server := &http.Server{Handler: handler(end)}
	go server.Serve(listener)
	if len(os.Args) > 2 {
		fmt.Println(listener.Addr())
		<-end
		// The request for the end is answered first.
		server.Shutdown(context.Background())
		return
	}
	var group sync.WaitGroup
	answers := make([]string, 40)
	for i := range answers {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			url := fmt.Sprintf("http://%s/page/%d", listener.Addr(), i)
			r, err := http.Get(url)
			if err != nil {
				answers[i] = err.Error() + "\n"
				return
			}
			text, _ := io.ReadAll(r.Body)
			r.Body.Close()
			answers[i] = string(text)
		}(i)
	}
	group.Wait()
	for _, a := range answers {
		fmt.Print(a)
	}
}
