// Command pagepreview serves every page of the server with sample data, to be
// looked at while it is changed: go run ./internal/pagepreview. With --list
// it lists the pages' addresses and ends. It is never deployed, holds no data,
// and its forms lead nowhere.
package main

import (
	"flag"
	"fmt"
	"html"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"rescind/internal/pagepreview/samples"
	"rescind/shared/page"
)

const stylePath = "/o/static/style.css"

func main() {
	addr := flag.String("addr", "127.0.0.1:8001", "address to listen on")
	list := flag.Bool("list", false, "list the pages' paths instead of serving them")
	flag.Parse()
	if err := run(*addr, *list); err != nil {
		fmt.Fprintln(os.Stderr, "pagepreview:", err)
		os.Exit(1)
	}
}

func run(addr string, list bool) error {
	pages, err := page.New(stylePath)
	if err != nil {
		return err
	}
	if list {
		for _, path := range paths(pages) {
			fmt.Println(path)
		}
		return nil
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/\n", listener.Addr())
	return (&http.Server{Handler: handler(pages), ReadHeaderTimeout: 5 * time.Second}).Serve(listener)
}

// paths are /LANGUAGE/NAME for each page.
func paths(pages *page.Pages) (out []string) {
	for _, lang := range pages.Languages() {
		for _, s := range samples.All() {
			out = append(out, "/"+lang+"/"+s.Name)
		}
	}
	return out
}

func handler(pages *page.Pages) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(stylePath, pages.Style)
	for _, lang := range pages.Languages() {
		for _, s := range samples.All() {
			mux.HandleFunc("/"+lang+"/"+s.Name, func(w http.ResponseWriter, _ *http.Request) { s.Write(pages, w, lang) })
		}
	}
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		var out strings.Builder
		out.WriteString("<!doctype html><html lang=en><title>Pages</title><h1>Pages</h1><ul>")
		for _, path := range paths(pages) {
			out.WriteString(`<li><a href="` + html.EscapeString(path) + `">` + html.EscapeString(path) + "</a>")
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(out.String()))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		pages.Error(w, "en", page.Error{Status: http.StatusNotFound, Kind: "not_found"})
	})
	return mux
}
