/*
 * Loads one server, over TCP or UDP, in slices. Reads commands from stdin and answers each with a line of JSON:
 *
 *   run MS              closed loop: each connection keeps `depth` requests in flight for so long, then waits for what is out
 *   offer MS PER_SECOND open loop, UDP only: requests leave at that rate whatever comes back; good are replies within 250 ms
 *
 * Arguments are key=value, bytes as hexadecimal digits. Requests have one length; what differs between them is written over
 * at the offsets given: `number` 16 digits that count up, `source` and `target` two digits each of an account, `binary` two bytes
 * that count up, `time` the microseconds now in 15 digits, which the reply has to hold for `offer`,
 * `connection` the connection's index in 4 digits, as `greetingConnection` in the greeting.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, READ_BYTES = 256 * 1024, DATAGRAM_BYTES = 2048, SUB_BUCKETS = 128, MAX_OFFSETS = 4 };
static const uint64_t GOOD_NS = 250 * 1000 * 1000ull;
static const uint64_t DRAIN_NS = 5 * 1000 * 1000 * 1000ull, DATAGRAM_DRAIN_NS = 500 * 1000 * 1000ull;

struct connection {
  int socket;
  char *out; /* room for `depth` requests */
  size_t out_start, out_end;
  size_t partial;    /* of a reply of a fixed size: bytes that have come */
  int at_line_start; /* of replies that are lines */
  int is_reply;      /* whether the line that is coming is one, or data before it */
  uint64_t *sent_ns; /* when the requests in flight were sent, a ring of `depth` */
  unsigned oldest, in_flight;
};

static struct connection *connections;
static int is_udp, port, connection_count, depth, epoll;
static size_t request_bytes, reply_bytes;
static char *request, *greeting, *greeted;
static char line_first, line_skip;
static int offsets_number[MAX_OFFSETS], offsets_binary[MAX_OFFSETS];
static int numbers, binaries, offset_source = -1, offset_target = -1, offset_time = -1;
static int offset_connection = -1, offset_greeting_connection = -1;
static uint64_t counter;
static uint64_t histogram[64 * SUB_BUCKETS], answered;
static char input[READ_BYTES];

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static uint64_t cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Buckets are 1/128 of their value wide. */
static void record(uint64_t ns) {
  if (ns < SUB_BUCKETS) {
    histogram[ns] += 1;
    return;
  }
  int shift = 63 - __builtin_clzll(ns) - 7;
  histogram[(shift + 1) * SUB_BUCKETS + (int)((ns >> shift) - SUB_BUCKETS)] += 1;
}

static double quantile_us(double part) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i < 64 * SUB_BUCKETS; i++) total += histogram[i];
  for (int i = 0; i < 64 * SUB_BUCKETS; i++) {
    seen += histogram[i];
    if (total > 0 && seen >= part * total) {
      int shift = i / SUB_BUCKETS - 1;
      return (shift < 0 ? (double)i : (double)((uint64_t)(i % SUB_BUCKETS + SUB_BUCKETS) << shift)) / 1000;
    }
  }
  return 0;
}

static void digits(char *at, int width, uint64_t value) {
  for (int i = width - 1; i >= 0; i--, value /= 10) at[i] = (char)('0' + value % 10);
}

static void make_request(const struct connection *c, char *at, uint64_t now_ns) {
  memcpy(at, request, request_bytes);
  counter += 1;
  unsigned source = (unsigned)(counter * 7 % 100), target = (unsigned)((source + 1 + counter % 13) % 100);
  for (int i = 0; i < numbers; i++) digits(at + offsets_number[i], 16, counter);
  for (int i = 0; i < binaries; i++) {
    at[offsets_binary[i]] = (char)(counter >> 8);
    at[offsets_binary[i] + 1] = (char)counter;
  }
  if (offset_source >= 0) digits(at + offset_source, 2, source);
  if (offset_target >= 0) digits(at + offset_target, 2, target);
  if (offset_time >= 0) digits(at + offset_time, 15, now_ns / 1000);
  if (offset_connection >= 0) digits(at + offset_connection, 4, (uint64_t)(c - connections));
}

static void note_sent(struct connection *c, uint64_t now_ns) {
  c->sent_ns[(c->oldest + c->in_flight) % (unsigned)depth] = now_ns;
  c->in_flight += 1;
}

/* How many requests that answers: none when it comes too late. */
static int note_answered(struct connection *c, uint64_t now_ns) {
  if (c->in_flight == 0) {
    if (is_udp) return 0; /* it was given up in the slice before */
    fprintf(stderr, "load: a reply that nobody asked for\n");
    exit(1);
  }
  record(now_ns - c->sent_ns[c->oldest]);
  c->oldest = (c->oldest + 1) % (unsigned)depth;
  c->in_flight -= 1;
  answered += 1;
  return 1;
}

static void flush(struct connection *c) {
  while (c->out_start < c->out_end) {
    ssize_t written = write(c->socket, c->out + c->out_start, c->out_end - c->out_start);
    if (written < 0) {
      if (errno == EAGAIN) return; /* edge-triggered: epoll says when there is room */
      fail("write");
    }
    c->out_start += (size_t)written;
  }
  c->out_start = c->out_end = 0;
}

/* One write for all of them, or one system call for up to 64 datagrams. */
static void send_requests(struct connection *c, int count) {
  uint64_t t = now();
  if (!is_udp) {
    if (c->out_start > 0) {
      memmove(c->out, c->out + c->out_start, c->out_end - c->out_start);
      c->out_end -= c->out_start;
      c->out_start = 0;
    }
    for (int i = 0; i < count; i++) {
      make_request(c, c->out + c->out_end, t);
      c->out_end += request_bytes;
      note_sent(c, t);
    }
    flush(c);
    return;
  }
  static char datagrams[BATCH][DATAGRAM_BYTES];
  static struct mmsghdr messages[BATCH];
  static struct iovec parts[BATCH];
  while (count > 0) {
    int batch = count < BATCH ? count : BATCH;
    for (int i = 0; i < batch; i++) {
      make_request(c, datagrams[i], t);
      note_sent(c, t);
      parts[i] = (struct iovec){datagrams[i], request_bytes};
      messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    for (int sent = 0; sent < batch;) {
      int n = sendmmsg(c->socket, messages + sent, (unsigned)(batch - sent), 0);
      if (n < 0 && errno != EAGAIN) fail("sendmmsg");
      if (n > 0) sent += n;
    }
    count -= batch;
  }
}

static int count_lines(struct connection *c, const char *at, size_t length) {
  int count = 0;
  for (const char *end = at + length; at < end;) {
    if (c->at_line_start) {
      if (*at != line_first && *at != line_skip) {
        fprintf(stderr, "load: answered with %.*s\n", (int)(end - at < 200 ? end - at : 200), at);
        exit(1);
      }
      c->is_reply = *at == line_first;
    }
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    c->at_line_start = line_end != NULL;
    if (line_end == NULL) break;
    count += c->is_reply;
    at = line_end + 1;
  }
  return count;
}

/* How many replies end in what can be read now; each is noted. */
static int read_replies(struct connection *c) {
  int count = 0;
  if (is_udp) {
    static char datagrams[BATCH][DATAGRAM_BYTES];
    static struct mmsghdr messages[BATCH];
    static struct iovec parts[BATCH];
    for (int i = 0; i < BATCH; i++) {
      parts[i] = (struct iovec){datagrams[i], DATAGRAM_BYTES};
      messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    for (;;) {
      int n = recvmmsg(c->socket, messages, BATCH, MSG_DONTWAIT, NULL);
      if (n <= 0) return count;
      uint64_t t = now();
      for (int i = 0; i < n; i++) count += note_answered(c, t);
      if (n < BATCH) return count;
    }
  }
  for (;;) {
    ssize_t length = read(c->socket, input, sizeof input);
    if (length == 0) {
      fprintf(stderr, "load: the server closed a connection\n");
      exit(1);
    }
    if (length < 0) {
      if (errno == EAGAIN) return count;
      fail("read");
    }
    int ended;
    if (line_first != 0) {
      ended = count_lines(c, input, (size_t)length);
    } else {
      ended = (int)((c->partial + (size_t)length) / reply_bytes);
      c->partial = (c->partial + (size_t)length) % reply_bytes;
    }
    uint64_t t = now();
    for (int i = 0; i < ended; i++) note_answered(c, t);
    count += ended;
    if ((size_t)length < sizeof input) return count;
  }
}

static void begin(void) {
  memset(histogram, 0, sizeof histogram);
  answered = 0;
  for (int i = 0; i < connection_count; i++) connections[i].in_flight = connections[i].oldest = 0;
}

static void run(uint64_t ms) {
  begin();
  uint64_t cpu_before = cpu_ns(), start = now(), end = start + ms * 1000000ull;
  uint64_t give_up = end + (is_udp ? DATAGRAM_DRAIN_NS : DRAIN_NS);
  uint64_t in_flight = (uint64_t)connection_count * (uint64_t)depth, t = start;
  for (int i = 0; i < connection_count; i++) send_requests(&connections[i], depth);
  while (in_flight > 0 && t < give_up) {
    struct epoll_event events[256];
    int n = epoll_wait(epoll, events, 256, 100);
    t = now();
    for (int i = 0; i < n; i++) {
      struct connection *c = &connections[events[i].data.u32];
      if (c->out_start < c->out_end) flush(c);
      int count = read_replies(c);
      if (count > 0 && t < end) send_requests(c, count);
      else in_flight -= (uint64_t)count;
    }
  }
  if (in_flight > 0 && !is_udp) {
    fprintf(stderr, "load: %lu requests were not answered within 5 s\n", (unsigned long)in_flight);
    exit(1);
  }
  double elapsed = (double)((in_flight > 0 ? end : now()) - start) / 1e9;
  printf("{\"answered\":%lu,\"lost\":%lu,\"seconds\":%.6f,\"loaderSeconds\":%.6f,\"p50Us\":%.2f,\"p99Us\":%.2f}\n",
         (unsigned long)answered, (unsigned long)in_flight, elapsed, (double)(cpu_ns() - cpu_before) / 1e9,
         quantile_us(0.5), quantile_us(0.99));
}

/* The time that a reply carries: the last 15 of the first 15 digits or more in a row. */
static int stamp_of(const char *at, size_t length, uint64_t *stamp_us) {
  size_t in_row = 0;
  for (size_t i = 0; i < length; i++) {
    in_row = at[i] >= '0' && at[i] <= '9' ? in_row + 1 : 0;
    if (in_row >= 15 && (i + 1 == length || at[i + 1] < '0' || at[i + 1] > '9')) {
      *stamp_us = 0;
      for (size_t j = i - 14; j <= i; j++) *stamp_us = *stamp_us * 10 + (uint64_t)(at[j] - '0');
      return 1;
    }
  }
  return 0;
}

static void offer(uint64_t ms, double per_second) {
  begin();
  uint64_t cpu_before = cpu_ns(), start = now(), end = start + ms * 1000000ull, sent = 0, good = 0, late = 0;
  int in_turn = 0;
  for (uint64_t t = start; t < end + 2 * GOOD_NS; t = now()) {
    uint64_t due = t >= end ? sent : (uint64_t)((double)(t - start) * per_second / 1e9);
    int batch = due - sent < BATCH ? (int)(due - sent) : BATCH;
    if (batch > 0) send_requests(&connections[in_turn], batch);
    sent += (uint64_t)batch;
    in_turn = (in_turn + 1) % connection_count;
    int came = 0;
    for (int i = 0; i < connection_count; i++) {
      for (;;) {
        ssize_t length = recv(connections[i].socket, input, sizeof input, MSG_DONTWAIT);
        if (length < 0) break;
        uint64_t stamp_us;
        if (!stamp_of(input, (size_t)length, &stamp_us)) continue; /* a refusal is no good reply */
        came = 1;
        uint64_t waited = now() - stamp_us * 1000;
        if (waited <= GOOD_NS) {
          good += 1;
          record(waited);
        } else {
          late += 1;
        }
      }
    }
    if (batch == 0 && !came) {
      struct timespec pause = {0, 50000};
      nanosleep(&pause, NULL);
    }
  }
  double seconds = (double)ms / 1e3;
  printf("{\"offered\":%.0f,\"good\":%.0f,\"late\":%.0f,\"seconds\":%.6f,\"loaderSeconds\":%.6f,\"p50Us\":%.2f,\"p99Us\":%.2f}\n",
         (double)sent / seconds, (double)good / seconds, (double)late / seconds, seconds,
         (double)(cpu_ns() - cpu_before) / 1e9, quantile_us(0.5), quantile_us(0.99));
}

static void open_connection(struct connection *c) {
  c->socket = socket(AF_INET, is_udp ? SOCK_DGRAM : SOCK_STREAM, 0);
  if (c->socket < 0) fail("socket (are there enough file descriptors?)");
  int on = 1, buffer = 4 * 1024 * 1024;
  if (is_udp) setsockopt(c->socket, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  else setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(c->socket, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  if (greeting != NULL) {
    if (offset_greeting_connection >= 0) {
      digits(greeting + offset_greeting_connection, 4, (uint64_t)(c - connections));
    }
    if (write(c->socket, greeting, strlen(greeting)) < 0) fail("write");
    size_t length = 0, wanted = strlen(greeted);
    while (length < wanted || memcmp(input + length - wanted, greeted, wanted) != 0) {
      ssize_t n = read(c->socket, input + length, sizeof input - length);
      if (n <= 0) fail("read of the greeting's answer");
      length += (size_t)n;
    }
  }
  fcntl(c->socket, F_SETFL, O_NONBLOCK);
  c->at_line_start = 1;
  c->out = malloc(request_bytes * (size_t)depth);
  c->sent_ns = calloc((size_t)depth, sizeof *c->sent_ns);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = (uint32_t)(c - connections)};
  if (is_udp) event.events = EPOLLIN | EPOLLET;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->socket, &event) < 0) fail("epoll_ctl");
}

static char *bytes_of(const char *hex, size_t *length) {
  *length = strlen(hex) / 2;
  char *bytes = malloc(*length + 1);
  for (size_t i = 0; i < *length; i++) {
    unsigned byte;
    sscanf(hex + 2 * i, "%2x", &byte);
    bytes[i] = (char)byte;
  }
  bytes[*length] = 0;
  return bytes;
}

static void take(const char *key, const char *value) {
  size_t ignored;
  if (strcmp(key, "udp") == 0) is_udp = atoi(value);
  else if (strcmp(key, "port") == 0) port = atoi(value);
  else if (strcmp(key, "connections") == 0) connection_count = atoi(value);
  else if (strcmp(key, "depth") == 0) depth = atoi(value);
  else if (strcmp(key, "request") == 0) request = bytes_of(value, &request_bytes);
  else if (strcmp(key, "replyBytes") == 0) reply_bytes = (size_t)atoi(value);
  else if (strcmp(key, "lineFirst") == 0) line_first = *value;
  else if (strcmp(key, "lineSkip") == 0) line_skip = *value;
  else if (strcmp(key, "greeting") == 0) greeting = bytes_of(value, &ignored);
  else if (strcmp(key, "greeted") == 0) greeted = bytes_of(value, &ignored);
  else if (strcmp(key, "number") == 0 && numbers < MAX_OFFSETS) offsets_number[numbers++] = atoi(value);
  else if (strcmp(key, "binary") == 0 && binaries < MAX_OFFSETS) offsets_binary[binaries++] = atoi(value);
  else if (strcmp(key, "source") == 0) offset_source = atoi(value);
  else if (strcmp(key, "target") == 0) offset_target = atoi(value);
  else if (strcmp(key, "time") == 0) offset_time = atoi(value);
  else if (strcmp(key, "connection") == 0) offset_connection = atoi(value);
  else if (strcmp(key, "greetingConnection") == 0) offset_greeting_connection = atoi(value);
  else {
    fprintf(stderr, "load: what is %s?\n", key);
    exit(1);
  }
}

int main(int count, char **arguments) {
  for (int i = 1; i < count; i++) {
    char *equals = strchr(arguments[i], '=');
    if (equals == NULL) return 1;
    *equals = 0;
    take(arguments[i], equals + 1);
  }
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  epoll = epoll_create1(0);
  connections = calloc((size_t)connection_count, sizeof *connections);
  for (int i = 0; i < connection_count; i++) open_connection(&connections[i]);
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("{\"connected\":%d}\n", connection_count);
  char line[128];
  while (fgets(line, sizeof line, stdin) != NULL) {
    unsigned long ms;
    double per_second;
    if (sscanf(line, "run %lu", &ms) == 1) run(ms);
    else if (sscanf(line, "offer %lu %lf", &ms, &per_second) == 2) offer(ms, per_second);
    else return 1;
  }
  return 0;
}
