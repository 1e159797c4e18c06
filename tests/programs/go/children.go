// os/exec, pipes, signals, files and directories.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func commands() {
	out, err := exec.Command("sh", "-c", "echo from a child; echo $VALUE >&2; exit 7").CombinedOutput()
	var exit *exec.ExitError
	fmt.Printf("%q %v\n", out, errors.As(err, &exit) && exit.ExitCode() == 7)

	command := exec.Command("tr", "a-z", "A-Z")
	command.Stdin = strings.NewReader(strings.Repeat("through a pipe\n", 2000))
	out, err = command.Output()
	check(err)
	fmt.Println(len(out), string(out[:14]))

	sort := exec.Command("sort", "-n")
	in, err := sort.StdinPipe()
	check(err)
	var sorted bytes.Buffer
	sort.Stdout = &sorted
	check(sort.Start())
	for n := 9; n >= 0; n-- {
		fmt.Fprintln(in, n*n)
	}
	check(in.Close())
	check(sort.Wait())
	fmt.Println(strings.Fields(sorted.String()))

	_, err = exec.LookPath("no-such-program-here")
	fmt.Println(err)
	fmt.Println(exec.Command("/no/such/program").Run())

	sleeper := exec.Command("sleep", "100")
	check(sleeper.Start())
	check(sleeper.Process.Signal(syscall.SIGTERM))
	fmt.Println(sleeper.Wait(), sleeper.ProcessState.Sys().(syscall.WaitStatus).Signal())
}

func signals() {
	hear := make(chan os.Signal, 4)
	signal.Notify(hear, syscall.SIGUSR1, syscall.SIGHUP)
	for _, one := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGHUP} {
		check(syscall.Kill(os.Getpid(), one))
		select {
		case got := <-hear:
			fmt.Println("heard", got)
		case <-time.After(5 * time.Second):
			fmt.Println("missed", one)
		}
	}
	signal.Reset()
}

func files() {
	check(os.MkdirAll("made/deep/er", 0o755))
	check(os.WriteFile("made/deep/text", []byte("line one\nline two\n"), 0o640))
	check(os.Symlink("deep/text", "made/link"))
	check(os.Rename("made/deep/er", "made/moved"))
	file, err := os.OpenFile("made/link", os.O_APPEND|os.O_RDWR, 0)
	check(err)
	_, err = io.WriteString(file, "line three\n")
	check(err)
	_, err = file.Seek(5, io.SeekStart)
	check(err)
	rest, err := io.ReadAll(file)
	check(err)
	check(file.Truncate(9))
	check(file.Close())
	fmt.Printf("%q\n", rest)
	check(filepath.Walk("made", func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			fmt.Println(path, info.Mode(), info.Size())
		} else if err == nil {
			fmt.Println(path, info.Mode())
		}
		return err
	}))
	_, err = os.Stat("made/nothing")
	fmt.Println(err, errors.Is(err, os.ErrNotExist))
	reader, writer, err := os.Pipe()
	check(err)
	check(reader.SetReadDeadline(time.Now().Add(5 * time.Millisecond)))
	_, err = reader.Read(make([]byte, 1))
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))
	check(writer.Close())
}

func main() {
	os.Setenv("VALUE", "inherited")
	commands()
	signals()
	files()
	var nothing []int
	_ = nothing[len(os.Args)-1]
}
