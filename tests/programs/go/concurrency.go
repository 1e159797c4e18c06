// Goroutines, channels, select, timers, panics and a busy garbage collector.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// sieve sends 2, 3, 4, ... through one filtering goroutine per prime.
func sieve(count int) []int {
	numbers := make(chan int)
	done := make(chan struct{})
	defer close(done)
	go func(out chan<- int) {
		for n := 2; ; n++ {
			select {
			case out <- n:
			case <-done:
				return
			}
		}
	}(numbers)
	var primes []int
	for len(primes) < count {
		prime := <-numbers
		primes = append(primes, prime)
		filtered := make(chan int)
		go func(in <-chan int, out chan<- int) {
			for {
				select {
				case n := <-in:
					if n%prime != 0 {
						select {
						case out <- n:
						case <-done:
							return
						}
					}
				case <-done:
					return
				}
			}
		}(numbers, filtered)
		numbers = filtered
	}
	return primes
}

func workers() (int64, map[string]int) {
	var group sync.WaitGroup
	var lock sync.Mutex
	var total int64
	words := map[string]int{}
	for worker := 0; worker < 200; worker++ {
		group.Add(1)
		go func(worker int) {
			defer group.Done()
			for i := 0; i < 20; i++ {
				atomic.AddInt64(&total, int64(worker*i))
				runtime.Gosched()
			}
			lock.Lock()
			words[fmt.Sprint("worker ", worker%7)]++
			lock.Unlock()
		}(worker)
	}
	group.Wait()
	return total, words
}

type node struct {
	left, right *node
	filler      [4]int
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{left: tree(depth - 1), right: tree(depth - 1)}
}

func (n *node) count() int {
	if n == nil {
		return 0
	}
	return 1 + n.left.count() + n.right.count()
}

func garbage() {
	kept, nodes := tree(10), 0
	for i := 0; i < 12; i++ {
		nodes += tree(10).count()
		_ = make([]byte, 1<<18)
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("nodes", nodes, kept.count(), "collected", stats.NumGC >= 12)
}

func timers() {
	start := time.Now()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for ticks := 0; ticks < 5; ticks++ {
		<-ticker.C
	}
	fmt.Println("ticks took 10 ms:", time.Since(start) >= 10*time.Millisecond)

	limited, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	select {
	case <-limited.Done():
		fmt.Println(limited.Err())
	case <-time.After(10 * time.Second):
		fmt.Println("the timeout never came")
	}

	fired := make(chan string)
	time.AfterFunc(time.Millisecond, func() { fired <- "later" })
	fmt.Println(<-fired)
}

// spinner is preempted by a signal: it calls nothing and never yields.
func spinner() {
	runtime.GOMAXPROCS(1)
	var stop int32
	time.AfterFunc(5*time.Millisecond, func() { atomic.StoreInt32(&stop, 1) })
	loops := 0
	for atomic.LoadInt32(&stop) == 0 {
		loops++
	}
	fmt.Println("the spinner was stopped:", loops > 0)
}

func recovered() (message string) {
	defer func() { message = fmt.Sprint("recovered: ", recover()) }()
	var nothing *node
	return fmt.Sprint(nothing.left.filler)
}

func deep(n int) int {
	var filler [64]int
	filler[n%64] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + filler[n%64] - n + 1
}

func main() {
	fmt.Println(sieve(25))
	total, words := workers()
	names := make([]string, 0, len(words))
	for name := range words {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Println(total, names, words["worker 3"])
	garbage()
	timers()
	spinner()
	fmt.Println(recovered())
	grown := make(chan int)
	go func() { grown <- deep(10000) }()
	fmt.Println("a goroutine's stack grows:", <-grown)
	fmt.Fprintln(os.Stderr, "to stderr")
	defer fmt.Println("not printed")
	os.Exit(3)
}
