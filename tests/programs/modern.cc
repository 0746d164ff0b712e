// SPDX-License-Identifier: BSD-2-Clause
//
// Features that a C++ program takes for granted: streams, exceptions, threads,
// run-time types, destructors in their order.  For t-programs.sh, which runs
// this natively and as a guest.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <future>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

struct tracer {
	const char *name;
	explicit tracer(const char *n) : name(n) { std::cout << "+" << n << "\n"; }
	~tracer() { std::cout << "-" << name << "\n"; }
};

tracer global("global");
thread_local std::string mine = "unset";

struct shape {
	virtual ~shape() = default;
	virtual int area() const = 0;
};

struct square : shape {
	int side;
	explicit square(int s) : side(s) {}
	int area() const override { return side * side; }
};

struct odd : std::runtime_error {
	using std::runtime_error::runtime_error;
};

int
deep(int n)
{
	tracer here("frame");

	if (n == 0)
		throw odd("from the bottom");
	return deep(n - 1) + 1;
}

void
exceptions()
{
	try {
		deep(2);
	} catch (const std::exception &e) {
		std::cout << "caught " << e.what() << "\n";
	}
	try {
		try {
			throw std::out_of_range("inner");
		} catch (...) {
			std::throw_with_nested(odd("outer"));
		}
	} catch (const odd &e) {
		try {
			std::rethrow_if_nested(e);
		} catch (const std::out_of_range &inner) {
			std::cout << e.what() << " of " << inner.what() << "\n";
		}
	}
	try {
		(void)std::vector<int>(3).at(7);
	} catch (const std::out_of_range &) {
		std::cout << "out of range\n";
	}
	try {
		std::vector<char> much(std::size_t(1) << 46);
		std::cout << much.size();
	} catch (const std::bad_alloc &) {
		std::cout << "bad alloc\n";
	}
	std::unique_ptr<shape> s = std::make_unique<square>(7);
	std::cout << s->area() << (dynamic_cast<square *>(s.get()) ? " square" : "")
		  << "\n";
	try {
		struct other : shape {
			int area() const override { return 0; }
		};
		(void)dynamic_cast<other &>(*s);
	} catch (const std::bad_cast &) {
		std::cout << "bad cast\n";
	}
}

void
streams()
{
	std::string line;
	int lines = 0, words = 0;

	while (std::getline(std::cin, line)) {
		std::istringstream in(line);
		std::string word;

		lines++;
		while (in >> word)
			words++;
	}
	std::cout << lines << " lines, " << words << " words\n"
		  << std::hex << std::showbase << 255 << std::dec << " "
		  << std::fixed << std::setprecision(3) << 2.0 / 3 << " "
		  << std::boolalpha << true << "\n";
	std::ofstream("written.txt") << "a file\n" << 42 << std::endl;
	std::ifstream back("written.txt");
	std::cout << std::string(std::istreambuf_iterator<char>(back), {});
	std::cout << std::ifstream("missing").good() << "\n";
}

void
threads()
{
	std::mutex mutex;
	std::condition_variable changed;
	std::vector<std::thread> crew;
	std::map<int, int> done;
	std::atomic<long> sum{ 0 };
	bool go = false;

	for (int i = 0; i < 16; i++)
		crew.emplace_back([&, i] {
			mine = std::to_string(i);
			std::unique_lock<std::mutex> lock(mutex);
			changed.wait(lock, [&] { return go; });
			done[i] = std::stoi(mine);
			sum += i;
		});
	{
		std::lock_guard<std::mutex> lock(mutex);
		go = true;
	}
	changed.notify_all();
	for (auto &t : crew)
		t.join();
	std::cout << done.size() << " threads, " << sum << ", " << mine << "\n";

	auto answer = std::async(std::launch::async, [] { return 6 * 7; });
	auto fails = std::async(
	    std::launch::async, []() -> int { throw odd("in a thread"); });
	std::cout << answer.get() << "\n";
	try {
		fails.get();
	} catch (const odd &e) {
		std::cout << e.what() << "\n";
	}
	std::unique_lock<std::mutex> lock(mutex);
	std::cout << (changed.wait_for(lock, std::chrono::milliseconds(20)) ==
				 std::cv_status::timeout
			     ? "timeout\n"
			     : "woken\n");
	std::once_flag once;
	for (int i = 0; i < 3; i++)
		std::call_once(once, [] { std::cout << "once\n"; });
}

} // namespace

int
main()
{
	std::vector<int> numbers(1000);

	std::iota(numbers.begin(), numbers.end(), 1);
	std::reverse(numbers.begin(), numbers.end());
	std::sort(numbers.begin(), numbers.end());
	std::cout << std::accumulate(numbers.begin(), numbers.end(), 0) << "\n";
	streams();
	exceptions();
	threads();
	return 5;
}
