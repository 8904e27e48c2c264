# What can be done here. Each recipe is a script in deploy/.
#
# These work from the environment, on the make line (make run PORT=8123 DATA_DIR=/elsewhere) and in .env:
#   PROFILE        embedded (default) or stack
#   HOST, PORT     where the web server listens (127.0.0.1, 8000)
#   DATA_DIR       database, media, server data, pid files (var/)
#   RATE_LIMITS    on (default) or off
#   DEMO           demo people: on with make run, elsewhere off (default)
#   STORE          hbase: a fresh project begins on HBase; mysql (default)
#   HBASE          off: the stack has no HBase; on (default)
#   DATABASE_URL, REDIS_URL, MEMCACHED_URL, BROKER_URL, HBASE_URL   servers to use instead of our own
#   MARIADB_PORT, REDIS_PORT, MEMCACHED_PORT, RABBITMQ_PORT, HBASE_THRIFT_PORT where our own listen
#   DATABASE_REPLICA_URLS    replicas of MariaDB, for reads that may be some seconds old
#   MARIADB_REPLICATION_PORT the first port of those of replication-up (3316)
#   REDIS_CLUSTER_PORT, MEMCACHED_CLUSTER_PORT, RABBITMQ_CLUSTER_PORT, HBASE_CLUSTER_THRIFT_PORT
#                  the first port of those of cluster-up (7000, 11311, 5680, 9190)
#   CASES, SEED    requests of the fuzzer in make attacks (5,000), and what they are made of
#   AUDIT          on: make attacks asks for known weaknesses of the packages as well; off (default)
#   BENCH          what make bench runs instead of the table: backlog, capacity, growth, idle, memory, servers, star or strategies
#   ARGS           further arguments for pytest, the benchmarks or uv
#
# make passes variables of the environment and of its command line on to recipes by itself, and only those that are
# set; therefore none of them is mentioned below.

# Ends a recipe when make is gone, however it went. Linux only; elsewhere TERM and Ctrl-C have to do.
FOREGROUND := $(shell command -v setpriv >/dev/null && echo setpriv --pdeathsig TERM)

.DEFAULT_GOAL := help
.PHONY: help run test check stack-up stack-down stack-status stack-run test-stack replication-up replication-down cluster-up cluster-down cluster-status cluster-run test-cluster test-clients attacks faults drill bench shards lab screenshots figures learn-check map venv lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\): .*## /\1|/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{ printf "make %-16s %s\n", $$1, $$2 }'
	@echo
	@sed -n '/^# These work/,/^#   ARGS/s/^# //p' $(firstword $(MAKEFILE_LIST))

run: ## the whole project without any server, with demo data, in the foreground
	@$(FOREGROUND) deploy/run.sh

test: ## the tests of the embedded profile
	@$(FOREGROUND) deploy/test.sh $(ARGS)

check: ## style, floors, types, migrations, deployment settings, API schema
	@$(FOREGROUND) deploy/check.sh

stack-up: ## install and start MariaDB, Redis, Memcached and RabbitMQ
	@deploy/stack.sh up

stack-down: ## stop those of them that stack-up started
	@deploy/stack.sh down

stack-status: ## which of them run, and where
	@deploy/stack.sh status

stack-run: ## web, workers, relay and beat on the real servers, in the foreground
	@$(FOREGROUND) deploy/stack-run.sh

test-stack: ## the tests of the stack profile; with STORE=hbase on HBase
	@$(FOREGROUND) env PROFILE=stack deploy/test.sh $(ARGS)

test-batches: ## the tests of events and their handlers, with batches of one event and of two; with PROFILE=stack on the servers
	@for size in 1 2; do OUTBOX_BATCH_SIZE=$$size $(FOREGROUND) deploy/test.sh outbox newsfeeds likes inbox $(ARGS) || exit 1; done

replication-up: ## start a primary MariaDB and a replica of it
	@deploy/replication.sh up

replication-down: ## stop both
	@deploy/replication.sh down

cluster-up: ## start what is several servers: three MariaDB, a Redis Cluster of six, two Memcached, three RabbitMQ, HBase
	@deploy/cluster.sh up

cluster-down: ## stop those that cluster-up started
	@deploy/cluster.sh down

cluster-status: ## which of them run
	@deploy/cluster.sh status

cluster-run: ## two web hosts behind nginx, two of each other process, on the servers of cluster-up, in the foreground
	@$(FOREGROUND) deploy/cluster-run.sh

test-cluster: ## the tests marked stack, on the servers of cluster-up
	@$(FOREGROUND) deploy/test-cluster.sh $(ARGS)

test-clients: ## clients that are generated from the API schema: Python, TypeScript, Kotlin
	@$(FOREGROUND) deploy/test-clients.sh $(ARGS)

attacks: ## attack a running server in production settings on the real stack; writes docs/reports/attacks.md
	@$(FOREGROUND) deploy/attacks.sh $(ARGS)

faults: ## kill and freeze parts of the stack under load; writes docs/reports/faults
	@$(FOREGROUND) deploy/faults.sh $(ARGS)

drill: ## rehearse the restore of a backup on the stack; ARGS=cluster on what cluster-up starts
	@$(FOREGROUND) deploy/drill.sh $(ARGS)

bench: ## what reading and acting cost, all-in, measured on the stack
	@$(FOREGROUND) deploy/bench.sh $(ARGS)

shards: ## which shards the statements of the tests would ask; writes docs/reports/shards.md
	@$(FOREGROUND) deploy/shards.sh $(ARGS)

lab: ## what each feed strategy costs, on one recorded trace; writes docs/lab
	@$(FOREGROUND) deploy/lab.sh $(ARGS)

screenshots: ## the pictures in docs/screenshots, in a real Chromium
	@$(FOREGROUND) deploy/screenshots.sh

figures: ## measure the figures of docs/learn again and renew code and pictures; ARGS=10 for one chapter
	@deploy/venv.sh dev && .venv/bin/python -m testing.learn $(ARGS)

learn-check: ## the tests of the solutions in docs/learn; with PROFILE=stack, and STORE=hbase, those that need them
	@deploy/learn-check.sh $(ARGS)

map: ## docs/architecture.svg, which folder imports from which
	@deploy/venv.sh dev && .venv/bin/python -m testing.house_map

venv: ## .venv with everything for development
	@deploy/venv.sh dev

lock: ## renew requirements/lock from the requirements; ARGS=--upgrade for the newest of everything
	@deploy/lock.sh $(ARGS)

clean: ## remove .venv and caches; data stays
	@rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
