// SPDX-License-Identifier: BSD-2-Clause
//
// Goroutines, channels, garbage, panics and timers: for t-languages.sh, which
// runs this natively and as a guest.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type node struct {
	left, right *node
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{tree(depth - 1), tree(depth - 1)}
}

func (n *node) count() int {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.count() + n.right.count()
}

func pipeline() int {
	numbers, squares := make(chan int), make(chan int)
	var workers sync.WaitGroup

	for w := 0; w < 50; w++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for n := range numbers {
				squares <- n * n
			}
		}()
	}
	go func() {
		for i := 1; i <= 2000; i++ {
			numbers <- i
		}
		close(numbers)
		workers.Wait()
		close(squares)
	}()
	sum := 0
	for s := range squares {
		sum += s
	}
	return sum
}

// A loop without calls must be preempted, so that the others go on.
func preempted() bool {
	var stop, spins int64

	go func() {
		time.Sleep(10 * time.Millisecond)
		atomic.StoreInt64(&stop, 1)
	}()
	for atomic.LoadInt64(&stop) == 0 {
		spins++
	}
	return spins > 0
}

func recovered() (err error) {
	defer func() {
		err = fmt.Errorf("recovered: %v", recover())
	}()
	var list []int
	return errors.New(fmt.Sprint(list[len(os.Args)+5]))
}

func main() {
	var mutex sync.Mutex
	var group sync.WaitGroup
	counts := map[int]int{}

	fmt.Println(pipeline())
	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			runtime.Gosched()
			mutex.Lock()
			counts[i%10]++
			mutex.Unlock()
		}(i)
	}
	group.Wait()
	fmt.Println(len(counts), counts[7])
	for i := 0; i < 20; i++ {
		if n := tree(14).count(); n != 1<<15-1 {
			fmt.Println("lost nodes:", n)
		}
	}
	runtime.GC()
	select {
	case <-time.After(5 * time.Millisecond):
		fmt.Println("timer")
	case <-make(chan int):
	}
	fmt.Println(preempted())
	fmt.Println(recovered())
	words := strings.Fields("the quick brown fox jumps")
	sort.Strings(words)
	fmt.Println(words, runtime.GOOS, runtime.GOARCH)
	fmt.Println(os.WriteFile("written", []byte("by go\n"), 0o600))
	text, err := os.ReadFile("written")
	fmt.Printf("%q %v\n", text, err)
	_, err = os.Stat("missing")
	fmt.Println(errors.Is(err, os.ErrNotExist))
	os.Exit(12)
}
