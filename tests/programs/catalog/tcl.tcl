proc fib n { expr {$n < 2 ? $n : [fib [expr {$n - 1}]] + [fib [expr {$n - 2}]]} }
puts [lmap n {1 2 3 5 8 13} {fib $n}]
set d [dict create b 2 a 1]; puts [lsort -stride 2 [dict get $d]]
proc serve {channel host port} { fconfigure $channel -buffering line; puts $channel "hello [gets $channel]"; close $channel }
set listener [socket -server serve -myaddr 127.0.0.1 0]
set port [lindex [fconfigure $listener -sockname] 2]
set client [socket 127.0.0.1 $port]; fconfigure $client -buffering line; puts $client world
fileevent $client readable { set answer [gets $client] }
vwait answer; puts $answer; close $client
set pipe [open "|sort -rn" r+]; foreach n {3 10 2} { puts $pipe $n }; close $pipe write; puts [read $pipe]; close $pipe
after 30 { set done timer }; vwait done; puts $done
set f [open data w]; puts $f [string repeat "line " 1000]; close $f; puts [file size data]
puts [regexp -all -inline {\d+} "1 a 22 b 333"]; puts [format %08.3f [expr {acos(-1)}]]; puts [expr {2 ** 100}]
coroutine gen apply {{} { yield; for {set i 0} {$i < 3} {incr i} { yield $i }; return end }}
puts "[gen] [gen] [gen] [gen]"
catch {exec sh -c {echo out; exit 3}} text options; puts "$text [lindex [dict get $options -errorcode] 2]"
