//! kill -9 at any moment, again and again, and an audit from outside: nothing lost, nothing doubled,
//! nothing left running. `AQ_CHAOS_CYCLES=1000 cargo test chaos -- --nocapture` is the long form;
//! `AQ_SEED=N` replays a seed as far as a scheduler allows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use aq::fleet::Command;
use aq::job::{JobId, Stage};
use rustix::process::Signal;

use super::agent_bench::{Agent, Factory, kill};

/// Jobs beyond those of the first wave are dropped while agents die.
const JOBS: usize = 56;
/// A job that is given up for its lost leases is sent again so often at the most.
const REDRIVES_MOST: u32 = 200;

/// Appended to by every engine: a second one in the same job at the same time cannot get the lock. Any
/// other end of `flock` than its own 1 is a kill of ours that met it.
const HEAD: &str = "exec 9>\"$LEDGER/$AQ_JOB.lock\"\nflock -n 9 || [ $? -ne 1 ] || echo \"double $AQ_JOB $AQ_EPOCH\" >> \"$LEDGER/doubles\"\necho \"$AQ_JOB $AQ_EPOCH $AQ_ATTEMPT\" >> \"$LEDGER/starts\"\n";

/// Manifest number `nth`, as fields and script.
fn manifest(nth: usize) -> (String, String) {
    let name = |nth: usize| format!("j{nth:03}");
    let plain = "echo one >> out.txt; sleep 0.1; echo two >> out.txt";
    let (fields, script) = match nth % 8 {
        0 => ("verify: test -s out.txt | autoship: verified".to_string(), plain.to_string()),
        1 => (
            "verify: grep -q done out.txt".to_string(),
            "echo x >> out.txt; [ \"$(wc -l < out.txt)\" -ge 3 ] || kill -9 $$; echo done >> out.txt".into(),
        ),
        2 => (
            "verify: test -s out.txt".to_string(),
            "setsid sh -c 'trap \"\" TERM; sleep 2' 9>&- & echo y >> out.txt".to_string(),
        ),
        3 => (
            format!("deps: [{}] | verify: test -s out.txt | autoship: verified", name(nth - 3)),
            plain.to_string(),
        ),
        4 => ("setup: sleep 0.05; echo s > .setup | verify: test -s .setup".to_string(), "echo z > out.txt".into()),
        5 => (
            format!("verify: \"sleep 0.05; test -s own-{nth}.txt\" | ship: merge | base: trunk | autoship: verified"),
            format!("echo {nth} > own-{nth}.txt; sleep 0.1"),
        ),
        6 => (
            "verify: test -s out.txt | deps-mode: soft | children: [{title: part, engine: shell, verify: test -s part.txt, body: \"```sh\\necho part > part.txt\\n```\\n\"}]".to_string(),
            "cat part.txt > out.txt".to_string(),
        ),
        _ => ("verify: \"false\"".to_string(), plain.to_string()),
    };
    (format!("retry: {{max: 40, backoff: 50ms, on: [crash, stalled]}} | {fields}"), format!("{HEAD}{script}"))
}

#[derive(Default)]
struct Count {
    agents: u32,
    shims: u32,
    engines: u32,
    reads: u32,
    redrives: u32,
}

#[test]
fn chaos() {
    let cycles: u32 = std::env::var("AQ_CHAOS_CYCLES").ok().and_then(|n| n.parse().ok()).unwrap_or(50);
    let seed =
        std::env::var("AQ_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("AQ_SEED={seed} AQ_CHAOS_CYCLES={cycles}");
    let mut dice = fastrand::Rng::with_seed(seed);
    let factory = Factory::new();
    let ledger = factory.top().join("ledger");
    std::fs::create_dir_all(&ledger).expect("a folder");
    factory.config("env-pass = [\"LEDGER\"]\nyolo = false\n");
    factory.drop_in("broken.md", "---\nno-such-field: 1\n---\n");
    let before = factory.checkout();
    let jobs = JOBS.max(usize::try_from(cycles).expect("a count") / 4);
    let mut count = Count::default();
    let mut agents = [start(&factory), start(&factory)];
    let began = Instant::now();
    let mut dropped = 0;
    for cycle in 0..cycles {
        let due =
            jobs * (usize::try_from(cycle).expect("a count") + 5) / usize::try_from(cycles).expect("a count");
        while dropped < due.min(jobs) {
            let (fields, script) = manifest(dropped);
            factory.job(&format!("j{dropped:03}"), &fields, &script);
            dropped += 1;
        }
        std::thread::sleep(Duration::from_millis(dice.u64(2..260)));
        strike(&factory, &mut agents, &mut dice, &mut count);
    }
    let struck = began.elapsed();
    settle(&factory, &mut agents, &mut count);
    for agent in &mut agents {
        assert_eq!(agent.drain(), 0, "{}", agent.said());
    }
    factory.wait_quiet();
    assert_eq!(before, factory.checkout(), "the user's checkout");
    assert!(
        !ledger.join("doubles").exists(),
        "{}",
        std::fs::read_to_string(ledger.join("doubles")).unwrap_or_default()
    );
    let told = audit(&factory, jobs);
    println!(
        "cycles {cycles} in {struck:.1?}, settled after {:.1?} | kills: agents {}, shims {}, engines {} | reads {} | redrives {}\n{told} | doubles 0 | lost 0 | survivors 0",
        began.elapsed(),
        count.agents,
        count.shims,
        count.engines,
        count.reads,
        count.redrives
    );
}

fn start(factory: &Factory) -> Agent {
    // The ledger's place comes through the environment, as a user's own variable would.
    factory.agent_with(&["--slots", "3"], &[("LEDGER", &factory.top().join("ledger").display().to_string())])
}

/// One kill, or a read in between.
fn strike(factory: &Factory, agents: &mut [Agent; 2], dice: &mut fastrand::Rng, count: &mut Count) {
    let found = factory.processes();
    let of = |kind: &str| found.iter().filter(|row| *row.1 == kind).map(|row| *row.0).collect::<Vec<i32>>();
    let (shims, engines) = (of("shim"), of("engine"));
    match dice.u32(0..10) {
        0..5 => {
            let nth = dice.usize(0..2);
            agents[nth].kill();
            agents[nth] = start(factory);
            count.agents += 1;
        }
        5 | 6 if !shims.is_empty() => {
            kill(shims[dice.usize(..shims.len())], Signal::KILL);
            count.shims += 1;
        }
        7 | 8 if !engines.is_empty() => {
            kill(engines[dice.usize(..engines.len())], Signal::KILL);
            count.engines += 1;
        }
        9 => {
            let out = factory.aq(&["ls", "--json"]).output().expect("aq runs");
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            count.reads += 1;
        }
        _ => {
            agents.iter_mut().for_each(Agent::kill);
            *agents = [start(factory), start(factory)];
            count.agents += 2;
        }
    }
    let state = factory.state();
    assert!(state.product.suspended.is_empty(), "nobody deleted these: {:?}", state.product.suspended);
    for agent in agents {
        assert!(agent.lives(), "an agent ended by itself: {}", agent.said());
    }
}

/// Lets the survivors work until everything has ended or waits lawfully.
fn settle(factory: &Factory, agents: &mut [Agent; 2], count: &mut Count) {
    factory.wait("quiet end", || {
        let state = factory.state();
        let letters: Vec<JobId> = state
            .jobs
            .values()
            .filter(|job| job.stage == Stage::DeadLetter)
            .map(|job| job.id.clone())
            .collect();
        for job in letters {
            assert!(count.redrives < REDRIVES_MOST, "{job} is given up again and again");
            factory.act(Command::Redrive { job }).expect("lawful");
            count.redrives += 1;
        }
        assert!(agents.iter_mut().all(Agent::lives));
        assert!(state.product.suspended.is_empty(), "nobody deleted these: {:?}", state.product.suspended);
        let waits = |id: &JobId| {
            state
                .stage_of(id)
                .is_some_and(|stage| matches!(stage, Stage::Failed | Stage::Review | Stage::Blocked))
        };
        let unsettled = state.jobs.values().any(|job| match job.stage {
            Stage::Queued | Stage::Assigned | Stage::Building | Stage::DeadLetter => true,
            Stage::Testing => {
                job.spec.autoship != aq::job::Autoship::Never && !job.why.starts_with("not shipped")
            }
            Stage::Blocked => {
                !job.deps.iter().filter_map(|dep| dep.job.as_ref()).chain(&job.children).any(waits)
            }
            Stage::Review | Stage::Shipped | Stage::Failed => false,
        });
        (!unsettled && state.jobs.len() > 1).then_some(())
    });
}

/// Reads folders, log and repository, and knows nothing of the library.
fn audit(factory: &Factory, jobs: usize) -> String {
    let (mut open, mut epochs) = (BTreeMap::<String, u64>::new(), BTreeMap::<String, u64>::new());
    let (mut started, mut ended) = (BTreeMap::<String, u64>::new(), BTreeSet::<(String, u64)>::new());
    let (mut attempts, mut adopted, mut lost) = (0, 0, 0);
    let (mut revs, mut files) = (BTreeSet::<String>::new(), BTreeMap::<String, String>::new());
    for event in factory.events() {
        let (kind, fact) = event["what"].as_object().and_then(|what| what.iter().next()).expect("a kind");
        let Some(job) = fact["job"].as_str().map(str::to_string) else { continue };
        if let Some(epoch) = fact["epoch"].as_u64().filter(|_| kind != "refused") {
            let last = epochs.insert(job.clone(), epoch).unwrap_or(0);
            assert!(epoch >= last, "{job}: epoch {epoch} after {last} at {event}");
        }
        if let Some(rev) = fact["rev"].as_str() {
            revs.insert(rev.to_string());
        }
        match kind.as_str() {
            "job_submitted" => {
                if let Some(file) = fact["file"].as_str() {
                    assert!(files.insert(file.to_string(), job).is_none(), "{file} was submitted twice");
                }
            }
            "attempt_started" => {
                let (epoch, attempt) =
                    (fact["epoch"].as_u64().expect("n"), fact["attempt"].as_u64().expect("n"));
                assert!(open.insert(job.clone(), attempt).is_none(), "{job}: two open attempts at {event}");
                let last = started.insert(job.clone(), epoch).unwrap_or(0);
                assert!(epoch > last, "{job}: attempt {attempt} under epoch {epoch} after {last}");
                attempts += 1;
            }
            "attempt_ended" => {
                let attempt = fact["attempt"].as_u64().expect("n");
                assert_eq!(open.remove(&job), Some(attempt), "{job}: {event}");
                assert_eq!(started.get(&job), fact["epoch"].as_u64().as_ref(), "{job}: {event}");
                assert!(ended.insert((job, attempt)), "ended twice: {event}");
                let fair = ["ok", "crash", "verify_failed", "task_failed"]
                    .iter()
                    .any(|class| fact["outcome"] == **class);
                assert!(fair, "nothing of aq's own may fail an attempt: {event}");
            }
            "lease_expired" | "dead_lettered" | "preempted" | "cancelled" | "requeued" | "redriven" => {
                open.remove(&job);
                lost += u32::from(kind == "lease_expired");
            }
            "lease_adopted" => adopted += 1,
            "ship_failed" if event["by"] == "agent:reaper" => {}
            "ship_failed" => panic!("nothing stood in the way of a ship: {event}"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "attempts without an end: {open:?}");
    audit_files(factory, &files, jobs);
    audit_revs(factory, &revs);
    format!(
        "jobs {} | attempts {attempts} | adoptions {adopted} | lost leases {lost} | commits {}",
        files.len(),
        revs.len()
    )
}

/// Every manifest is a job's or rejected, and stands in one folder.
fn audit_files(factory: &Factory, files: &BTreeMap<String, String>, jobs: usize) {
    let mut seen = BTreeMap::<String, Vec<&str>>::new();
    for folder in ["inbox", "building", "review", "testing", "shipped", "failed", "rejected"] {
        for entry in std::fs::read_dir(factory.place.queue.join(folder)).expect("listed").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".md") {
                seen.entry(name).or_default().push(folder);
            }
        }
    }
    for (name, folders) in &seen {
        assert_eq!(folders.len(), 1, "{name} stands in {folders:?}");
        assert_ne!(folders[0], "building", "{name} is held by nobody");
        assert!(files.contains_key(name) || folders[0] == "rejected", "{name} in {folders:?} is no job");
    }
    for nth in 0..jobs {
        assert!(seen.contains_key(&format!("j{nth:03}.md")), "j{nth:03}.md is lost");
    }
    assert_eq!(seen.get("broken.md").map(Vec::as_slice), Some(&["rejected"][..]));
}

/// Every commit that the log names can be reached from a ref.
fn audit_revs(factory: &Factory, revs: &BTreeSet<String>) {
    let out = factory.git(&["rev-list", "--all"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let kept: BTreeSet<&str> = text.lines().collect();
    let lost: Vec<&String> = revs.iter().filter(|rev| !kept.contains(rev.as_str())).collect();
    assert!(lost.is_empty(), "commits that no ref keeps: {lost:?}");
    let fsck = factory.git(&["fsck", "--connectivity-only", "--no-dangling"]);
    assert!(fsck.status.success(), "{}", String::from_utf8_lossy(&fsck.stderr));
}
