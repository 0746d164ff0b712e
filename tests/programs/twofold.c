/* SPDX-License-Identifier: BSD-2-Clause */
/* A dynamic program: it calls its library in two threads, and loads another
 * when it runs. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/auxv.h>

extern int twice(int x);

static void *
work(void *arg)
{
	*(int *)arg = twice(*(int *)arg);
	return NULL;
}

int
main(int argc, char **argv)
{
	int n = 21 * argc;
	pthread_t thread;
	void *late;

	printf("%s\n", (char *)getauxval(AT_EXECFN));
	printf("main %d\n", twice(n));
	if (pthread_create(&thread, NULL, work, &n) != 0 ||
	    pthread_join(thread, NULL) != 0)
		return 1;
	printf("thread %d\n", n);
	late = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	if (argc > 1)
		printf("late %s\n", late ? "loaded" : dlerror());
	return 5;
}
