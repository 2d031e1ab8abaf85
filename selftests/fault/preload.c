// SPDX-License-Identifier: GPL-2.0
/*
 * For fault.sh, by LD_PRELOAD: starts a program's main as often as it is asked to, each
 * time in a new child, and has an allocation of the kernel's fail that the child causes.
 *
 * Asked on standard input, a line each: "K N WORD...", with the arguments of main. Where
 * K is 0, the Nth allocation from main on fails, else the Nth within its Kth send() or
 * sendmsg(), so of its Kth netlink request; where N is 0 none fails, and with K 1 standard
 * error is told of each how many allocations it made. Answered on standard output: "STATUS LEFT",
 * where STATUS is the exit status or minus a signal, and LEFT is 0 if an allocation has
 * failed, about DONE if the request made fewer, about NEVER if there was no such request.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DONE	1000000
#define NEVER	2000000000
#define WORDS	64

typedef int main_t(int argc, char **argv, char **envp);

static ssize_t (*real_sendmsg)(int fd, const struct msghdr *msg, int flags);
static ssize_t (*real_send)(int fd, const void *buf, size_t len, int flags);
static main_t *real_main;
static int counter = -1;
static unsigned int request, nth, sent;

static void arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(counter, text, len, 0) != len)
		_exit(99);
}

static unsigned int left_of(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 0;
}

/* Before a request; whether it is one that counts its allocations or has one fail. */
static int begin_request(void)
{
	if (++sent != request && (nth || !request))
		return 0;
	arm(nth ? nth : DONE);
	return 1;
}

static void end_request(void)
{
	if (!nth)
		dprintf(STDERR_FILENO, "#%u\n", DONE - left_of(counter));
	else if (left_of(counter))
		arm(DONE);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	int mine = begin_request();
	ssize_t ret = real_sendmsg(fd, msg, flags);

	if (mine)
		end_request();
	return ret;
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	int mine = begin_request();
	ssize_t ret = real_send(fd, buf, len, flags);

	if (mine)
		end_request();
	return ret;
}

/* In the child: does not return. */
static void child(int argc, char **argv, char **envp)
{
	/* Errors are told to the file that standard error is, and nothing else is. */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	counter = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (counter < 0)
		_exit(99);
	if (nth)
		arm(request ? NEVER : nth);
	exit(real_main(argc, argv, envp));
}

static int serve(int argc, char **argv, char **envp)
{
	char line[4096], path[64], *words[WORDS + 1], *word;
	siginfo_t info;
	pid_t pid;
	int fd, left, status;

	(void)argc;
	while (fgets(line, sizeof(line), stdin)) {
		request = strtoul(strtok(line, " \n"), NULL, 10);
		nth = strtoul(strtok(NULL, " \n"), NULL, 10);
		words[0] = argv[0];
		for (argc = 1; argc < WORDS && (word = strtok(NULL, " \n")); argc++)
			words[argc] = word;
		words[argc] = NULL;
		pid = fork();
		if (!pid)
			child(argc, words, envp);
		snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
		if (pid < 0 || waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
			return 99;
		fd = open(path, O_RDONLY);
		left = left_of(fd);
		close(fd);
		waitpid(pid, &status, 0);
		printf("%d %d\n", WIFEXITED(status) ? WEXITSTATUS(status) :
		       -WTERMSIG(status), left);
		fflush(stdout);
	}
	_exit(0);
}

int __libc_start_main(main_t *main, int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	int (*start)(main_t *main, int argc, char **argv, void (*init)(void),
		     void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

	start = dlsym(RTLD_NEXT, "__libc_start_main");
	real_sendmsg = dlsym(RTLD_NEXT, "sendmsg");
	real_send = dlsym(RTLD_NEXT, "send");
	real_main = main;
	unsetenv("LD_PRELOAD");
	return start(serve, argc, argv, init, fini, rtld_fini, stack_end);
}
