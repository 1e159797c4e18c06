# Threads, a queue, fibers, processes, a socket pair, big numbers, regular expressions.
require "socket"
require "json"

queue = Queue.new
threads = 4.times.map { |n| Thread.new { 50.times { |i| queue << n * i } } }
threads.each(&:join)
puts queue.size, queue.size.times.sum { queue.pop }

left, right = UNIXSocket.pair
child = fork do
  left.close
  right.puts JSON.generate(right.gets.split.map(&:to_i).sort)
  exit! 3
end
right.close
left.puts "3 1 2"
puts left.gets
Process.wait(child)
puts $?.exitstatus

fiber = Fiber.new { 3.times { |i| Fiber.yield i } }
puts 3.times.map { fiber.resume }.inspect
puts (1..30).inject(:*), "a1b22c333".scan(/\d+/).inspect, `echo shell`.upcase
begin
  Integer("x")
rescue ArgumentError => error
  puts error.message
end
trap("USR1") { puts "signal" }
Process.kill("USR1", Process.pid)
sleep 0.01
