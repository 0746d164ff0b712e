// SPDX-License-Identifier: BSD-2-Clause
//
// Signals in Go: the runtime's own, which preempt, and those a program
// requests.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Each signal is received, in the order sent.
func heard() int {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(c)
	n := 0
	for i := 0; i < 200; i++ {
		s := syscall.SIGUSR1
		if i%2 == 1 {
			s = syscall.SIGUSR2
		}
		syscall.Kill(os.Getpid(), s)
		if <-c == s {
			n++
		}
	}
	return n
}

// While all processors compute without a call, timers still fire and the
// collector still runs.
func busy() bool {
	var stop int32
	var all sync.WaitGroup
	for i := 0; i < 4; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := 0; atomic.LoadInt32(&stop) == 0; n++ {
			}
		}()
	}
	ticks := 0
	ticker := time.NewTicker(5 * time.Millisecond)
	for ; ticks < 10; ticks++ {
		<-ticker.C
		runtime.GC()
	}
	ticker.Stop()
	atomic.StoreInt32(&stop, 1)
	all.Wait()
	return ticks == 10
}

// A fault becomes a panic with its address, if the program requests that.
func faulted() (addr uintptr) {
	defer func() {
		if e, ok := recover().(interface{ Addr() uintptr }); ok {
			addr = e.Addr()
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	page, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_NONE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return 1
	}
	page[7] = 1
	return 2
}

func main() {
	fmt.Println(heard())
	fmt.Println(busy())
	fmt.Println(faulted()&0xfff == 7)
	// An ignored signal has no effect.
	signal.Ignore(syscall.SIGHUP)
	syscall.Kill(os.Getpid(), syscall.SIGHUP)
	time.Sleep(10 * time.Millisecond)
	os.Exit(3)
}
