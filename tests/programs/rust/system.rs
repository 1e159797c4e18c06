//! Threads, channels, locks, processes, sockets, files, a caught panic and an abort-free exit.
use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt;
use std::panic;
use std::process::{Command, Stdio};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

fn threads() {
    let (sender, receiver) = mpsc::channel();
    let total = Arc::new(Mutex::new(0u64));
    let barrier = Arc::new(Barrier::new(8));
    let workers: Vec<_> = (0..8u64)
        .map(|n| {
            let (sender, total, barrier) = (sender.clone(), total.clone(), barrier.clone());
            thread::Builder::new().name(format!("worker {n}")).spawn(move || {
                barrier.wait();
                for i in 0..500 {
                    *total.lock().unwrap() += i * n;
                }
                sender.send((n, thread::current().name().unwrap().to_string())).unwrap();
            })
        })
        .collect();
    drop(sender);
    let mut names: Vec<_> = receiver.iter().collect();
    names.sort();
    workers.into_iter().for_each(|worker| worker.unwrap().join().unwrap());
    println!("{} {:?}", total.lock().unwrap(), names);

    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let other = pair.clone();
    let started = Instant::now();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(10));
        *other.0.lock().unwrap() = true;
        other.1.notify_one();
    });
    let ready = pair.1.wait_while(pair.0.lock().unwrap(), |ready| !*ready).unwrap();
    println!("{} {}", *ready, started.elapsed() >= Duration::from_millis(10));
    let (_guard, timeout) = pair.1.wait_timeout(ready, Duration::from_millis(3)).unwrap();
    println!("{}", timeout.timed_out());

    let table = RwLock::new(HashMap::new());
    thread::scope(|scope| {
        for n in 0..4 {
            let table = &table;
            scope.spawn(move || table.write().unwrap().insert(n, n * n));
        }
    });
    println!("{}", table.read().unwrap().values().sum::<i32>());
    panic::set_hook(Box::new(|_| eprintln!("a thread panicked")));
    println!("{}", thread::spawn(|| panic!("on purpose")).join().is_err());
}

fn processes() -> std::io::Result<()> {
    let done = Command::new("sh").args(["-c", "echo out; echo err >&2; exit 7"]).output()?;
    println!("{:?} {:?} {:?}", done.status.code(), done.stdout, done.stderr);
    let mut cat = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = cat.stdin.take().unwrap();
    let writer = thread::spawn(move || input.write_all(&[b'x'; 200_000]));
    println!("{}", cat.wait_with_output()?.stdout.len());
    writer.join().unwrap()?;
    let mut sleeper = Command::new("sleep").arg("100").spawn()?;
    println!("{:?}", sleeper.try_wait()?);
    sleeper.kill()?;
    println!("{:?}", sleeper.wait()?.signal());
    println!("{:?}", Command::new("/no/such/program").spawn().unwrap_err().kind());
    let lines = Command::new("env").env_clear().env("ONLY", "this").current_dir("/").output()?;
    println!("{:?}", String::from_utf8_lossy(&lines.stdout));
    Ok(())
}

fn sockets() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || -> std::io::Result<usize> {
        let (stream, _) = listener.accept()?;
        let mut lines = 0;
        for line in BufReader::new(stream.try_clone()?).lines() {
            writeln!(&stream, "{}", line?.to_uppercase())?;
            lines += 1;
        }
        Ok(lines)
    });
    let mut client = TcpStream::connect(address)?;
    client.set_nodelay(true)?;
    client.write_all(b"first\nsecond\n")?;
    client.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    client.read_to_string(&mut answer)?;
    println!("{:?} {}", answer, server.join().unwrap()?);
    println!("{:?}", TcpStream::connect(address).unwrap_err().kind());
    let udp = UdpSocket::bind("127.0.0.1:0")?;
    udp.set_read_timeout(Some(Duration::from_millis(5)))?;
    udp.send_to(b"datagram", udp.local_addr()?)?;
    let mut buffer = [0; 32];
    println!("{:?}", udp.recv(&mut buffer));
    println!("{:?}", udp.recv(&mut buffer).unwrap_err().kind());
    Ok(())
}

fn files() -> std::io::Result<()> {
    fs::create_dir_all("made/deep")?;
    let mut file = fs::File::options().create(true).read(true).append(true).open("made/deep/text")?;
    writeln!(file, "line one\nline two")?;
    file.seek(SeekFrom::Start(5))?;
    let mut rest = String::new();
    file.read_to_string(&mut rest)?;
    file.set_len(8)?;
    file.sync_all()?;
    println!("{rest:?} {}", file.metadata()?.len());
    fs::hard_link("made/deep/text", "made/hard")?;
    fs::copy("made/hard", "made/copy")?;
    let mut names: Vec<_> = fs::read_dir("made")?.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    println!("{names:?} {:?}", fs::read("made/nothing").unwrap_err().raw_os_error());
    fs::remove_dir_all("made/deep")
}

fn main() {
    threads();
    processes().unwrap();
    sockets().unwrap();
    files().unwrap();
    println!("{:?}", thread::available_parallelism().is_ok());
    let boxed: Box<[u64]> = (0..200_000).collect();
    std::process::exit((boxed.iter().sum::<u64>() % 89) as i32);
}
