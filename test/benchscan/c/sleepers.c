// Cheap processes that sleep, and zombies below this one. Prints a line when all
// are there, and stays. They end with the PID namespace that it runs in.
//
//	sleepers LIVING ZOMBIES
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static void start(int n, int live) {
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid < 0) {
			perror("fork");
			exit(1);
		}
		if (pid == 0) {
			if (live)
				pause();
			_exit(0);
		}
	}
}

int main(int argc, char **argv) {
	if (argc != 3)
		return 2;
	start(atoi(argv[2]), 0);
	start(atoi(argv[1]), 1);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
