// Loaded before each Node.js program that `bench profile` starts. SIGUSR2 begins what PID.ask names, `cpu` or `allocations`, and the next one
// ends it and leaves what came of it in PID.cpu or PID.allocations. Or it begins by itself, as the program starts. CommonJS: a program's start is not to begin with ESM's loader.
const { readFileSync, readdirSync, renameSync, writeFileSync } = require("node:fs");
const { Session } = require("node:inspector");
const path = require("node:path");
const v8 = require("node:v8");

// Otherwise what was compiled before the profile began counts with the function into which it was inlined.
v8.setFlagsFromString("--detailed-line-info");

const {
  TALLYLINE_PROFILES: folder,
  TALLYLINE_PROFILE_AT_START: atStart,
  TALLYLINE_PROFILE_EVERY_US: everyUs,
} = process.env;

const PASSES = {
  cpu: {
    begin: [["Profiler.enable"], ["Profiler.setSamplingInterval", { interval: Number(everyUs) }], ["Profiler.start"]],
    end: "Profiler.stop",
  },
  allocations: {
    begin: [
      ["HeapProfiler.enable"],
      // Also what has been thrown away: that is what keeps the garbage collector busy.
      [
        "HeapProfiler.startSampling",
        {
          samplingInterval: 16_384,
          includeObjectsCollectedByMajorGC: true,
          includeObjectsCollectedByMinorGC: true,
        },
      ],
    ],
    end: "HeapProfiler.stopSampling",
  },
};

/**
 * What the scheduler has counted of this process (proc(5), schedstat), without the thread that V8's profiler adds: CPU time, and how long
 * this thread could have run and had no processor.
 */
function times() {
  let main = 0;
  let others = 0;
  let waited = 0;
  for (const thread of readdirSync("/proc/self/task")) {
    const read = (file) => readFileSync(`/proc/self/task/${thread}/${file}`, "utf8");
    try {
      const [ran, delayed] = read("schedstat").split(" ");
      if (thread === `${process.pid}`) {
        main = Number(ran) / 1000;
        waited = Number(delayed) / 1000;
      } else if (!read("comm").startsWith("v8:Prof")) others += Number(ran) / 1000;
    } catch {
      // It has just ended.
    }
  }
  return { main, others, waited };
}

/** Appears at once, with all that is in it. */
function leave(file, text) {
  const left = path.join(folder, `${process.pid}.${file}`);
  writeFileSync(`${left}.part`, text);
  renameSync(`${left}.part`, left);
}

let running;

function begin(pass) {
  const before = times();
  const session = new Session();
  session.connect();
  for (const [method, parameters] of PASSES[pass].begin) session.post(method, parameters);
  running = { session, pass, before, from: times() };
}

function end() {
  const { session, pass, before, from } = running;
  const until = times();
  running = undefined;
  session.post(PASSES[pass].end, (error, result) => {
    if (error !== null) throw new Error(`${PASSES[pass].end}: ${error.message}`);
    const cpu = {
      beforeUs: before.main + before.others,
      mainUs: until.main - from.main,
      othersUs: until.others - from.others,
      waitedUs: until.waited - from.waited,
    };
    leave(pass, JSON.stringify({ ...cpu, profile: result.profile }));
  });
  session.disconnect();
}

process.on("SIGUSR2", () => {
  if (running !== undefined) return end();
  begin(readFileSync(path.join(folder, `${process.pid}.ask`), "utf8"));
  leave("begun", "");
});
if (atStart !== undefined && atStart !== "") begin(atStart);
leave("ready", "");
