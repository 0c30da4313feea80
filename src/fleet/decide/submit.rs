//! Making jobs: idempotency, dependencies, cycles, children, and editing one that waits.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::command::{Now, Order, Submission};
use super::super::event::{ActorKind, What};
use super::super::job::{Dep, Job, ParkReason};
use super::super::refusal::{Code, Refusal};
use super::super::state::State;
use super::consequence::{not_before, parked};
use super::order::{fenced, find, invalid};
use crate::job::{BlobId, DepsMode, Epoch, JobId, Spec, Stage};

/// Parts that engines may add to one job: more is no plan but a planner that runs away.
const ENGINE_CHILDREN_MOST: usize = 100;
/// How deep engines may divide the work: a part of a part of a part is as small as a person can follow.
const ENGINE_DEPTH_MOST: usize = 3;

/// Children of one parent, as in a manifest.
const CHILDREN_MOST: usize = 1_000;

pub(super) fn submit(
    state: &State,
    order: &Order,
    new: &Submission,
    parent: Option<&(JobId, Option<Epoch>)>,
    now: Now,
) -> Result<Vec<What>, Refusal> {
    // The fence comes first: a stale worker edits nothing by way of a key either.
    parent.map(|(id, epoch)| fence_parent(state, id, *epoch, order)).transpose()?;
    if let Some(found) = same_key(state, new)? {
        return supersede(state, found, &new.spec, &new.body, &new.effective, now);
    }
    if state.stage_of(&new.job).is_some() {
        return Err(Refusal::new(Code::IdTaken, format!("the id {} is taken", new.job), "submit again"));
    }
    let parent = parent.map(|(id, _)| check_parent(state, id, order)).transpose()?;
    let deps = resolve(state, &new.spec.deps);
    check_cycle(state, new, &deps, parent.map(|p| &p.id))?;
    let met = deps.iter().all(|d| satisfied(state, new.spec.deps_mode, d));
    let mut events = vec![What::JobSubmitted {
        job: new.job.clone(),
        spec: Arc::new(new.spec.clone()),
        body: new.body.clone(),
        effective: new.effective.clone(),
        file: new.file.clone(),
        deps,
        parent: parent.map(|p| p.id.clone()),
        reviews: None,
        stage: if met { Stage::Queued } else { Stage::Blocked },
    }];
    if let Some(parent) = parent {
        events.push(What::ChildrenAdded { job: parent.id.clone(), children: vec![new.job.clone()] });
    }
    events.extend(not_before(&new.job, 0, &new.spec, now).filter(|_| met));
    events.extend(name_becomes_known(state, new));
    Ok(events)
}

/// A job whose key was submitted before: the waiting one to supersede, none, or a refusal.
fn same_key<'a>(state: &'a State, new: &Submission) -> Result<Option<&'a Job>, Refusal> {
    let Some(key) = &new.spec.key else { return Ok(None) };
    let Some(id) = state.keys.get(key) else { return Ok(None) };
    if let Some(tomb) = state.tombs.get(id).filter(|t| t.key.as_ref() == Some(key)) {
        let same = tomb.body == new.body;
        return Err(key_refusal(id, key.as_str(), same, tomb.stage));
    }
    match state.job(id).filter(|job| job.spec.key.as_ref() == Some(key)) {
        None => Ok(None),
        Some(job) if job.body == new.body => Err(key_refusal(id, key.as_str(), true, job.stage)),
        Some(job) if job.stage.is_waiting() => Ok(Some(job)),
        Some(job) => Err(key_refusal(id, key.as_str(), false, job.stage)),
    }
}

fn key_refusal(id: &JobId, key: &str, same: bool, stage: Stage) -> Refusal {
    if same {
        let message = format!("the key {key} was submitted before with this very text, as {id} ({stage})");
        Refusal::new(Code::AlreadyDone, message, format!("see it: aq show {id}"))
    } else {
        let message = format!("the key {key} belongs to {id}, which is {stage} and no longer waits");
        Refusal::new(Code::KeyReused, message, "use another idempotency-key, or leave it out")
    }
}

fn fence_parent(state: &State, id: &JobId, epoch: Option<Epoch>, order: &Order) -> Result<(), Refusal> {
    let Some(epoch) = epoch else { return Ok(()) };
    let parent = find(state, id)?;
    if epoch != parent.epoch || parent.work_lease().is_none() {
        return Err(fenced(parent, epoch, order.command.name()));
    }
    Ok(())
}

fn check_parent<'a>(state: &'a State, id: &JobId, order: &Order) -> Result<&'a Job, Refusal> {
    let parent = find(state, id)?;
    if !(parent.stage.is_waiting() || parent.stage.is_held()) {
        return Err(invalid(parent, "it takes no more children"));
    }
    if parent.subject.is_some() {
        return Err(invalid(parent, "a review judges and has no parts"));
    }
    if order.by.kind == ActorKind::Engine {
        within_engine_limits(state, parent)?;
    }
    if parent.children.len() >= CHILDREN_MOST {
        let message = format!("{id} has {CHILDREN_MOST} children already");
        return Err(Refusal::new(Code::TooMany, message, "make a child a parent of its own"));
    }
    Ok(parent)
}

fn within_engine_limits(state: &State, parent: &Job) -> Result<(), Refusal> {
    let id = &parent.id;
    if parent.children.len() >= ENGINE_CHILDREN_MOST {
        let message = format!("{id} has {ENGINE_CHILDREN_MOST} parts already, and an engine adds no more");
        return Err(Refusal::new(Code::TooMany, message, "make fewer and larger parts, or ask a person"));
    }
    let above = |job: &&Job| job.parent.as_ref().and_then(|up| state.job(up));
    let depth = std::iter::successors(Some(parent), |job| above(job)).take(ENGINE_DEPTH_MOST + 1).count();
    if depth > ENGINE_DEPTH_MOST {
        let message =
            format!("{id} is {ENGINE_DEPTH_MOST} levels deep already, and an engine divides no further");
        return Err(Refusal::new(Code::TooMany, message, "do it in this job, or ask a person"));
    }
    Ok(())
}

/// Gives names their meaning as far as it is known; what is known is frozen.
fn resolve(state: &State, names: &[String]) -> Vec<Dep> {
    names.iter().map(|name| Dep { name: name.clone(), job: state.find_named(name) }).collect()
}

fn satisfied(state: &State, mode: DepsMode, dep: &Dep) -> bool {
    let stage = dep.job.as_ref().and_then(|id| state.stage_of(id));
    match mode {
        DepsMode::Hard => stage == Some(Stage::Shipped),
        DepsMode::Soft => matches!(stage, Some(Stage::Testing | Stage::Shipped)),
    }
}

/// Names a new job answers to.
fn names_of(new: &Submission) -> impl Iterator<Item = &str> {
    let stem = new.file.as_deref().map(|f| f.strip_suffix(".md").unwrap_or(f));
    let key = new.spec.key.as_ref().map(crate::job::IdempotencyKey::as_str);
    std::iter::once(new.job.as_str()).chain(stem).chain(key)
}

/// Jobs that wait for one of the new job's names, with the name.
fn wanting<'a>(state: &'a State, new: &'a Submission) -> impl Iterator<Item = (&'a str, &'a JobId)> {
    names_of(new)
        .flat_map(|name| state.index.wanted.get(name).into_iter().flatten().map(move |id| (name, id)))
}

fn name_becomes_known(state: &State, new: &Submission) -> Vec<What> {
    let event = |(name, id): (&str, &JobId)| What::DepResolved {
        job: id.clone(),
        name: name.to_string(),
        to: new.job.clone(),
    };
    wanting(state, new).map(event).collect()
}

/// A circle is closed by whom somebody waits for already: a new job that was wanted by name or is a part
/// of its parent, an edited job that stands in the graph. The circle is named, so that it can be cut.
fn check_cycle(state: &State, new: &Submission, deps: &[Dep], parent: Option<&JobId>) -> Result<(), Refusal> {
    let circle = |path: &[String]| {
        let message = format!("its dependencies would close a circle: {}", path.join(" -> "));
        Refusal::new(Code::Cycle, message, "take one of these deps out")
    };
    let me = new.job.to_string();
    if let Some(own) = names_of(new).find(|name| deps.iter().any(|d| d.job.is_none() && d.name == *name)) {
        return Err(circle(&[me, own.to_string()]));
    }
    let waiting: BTreeSet<&JobId> = wanting(state, new).map(|row| row.1).chain(parent).collect();
    if waiting.is_empty() && state.job(&new.job).is_none() {
        return Ok(());
    }
    let mut seen = BTreeSet::new();
    let first = deps.iter().filter_map(|d| d.job.clone());
    let mut open: Vec<(JobId, Vec<String>)> =
        first.map(|id| (id.clone(), vec![me.clone(), id.to_string()])).collect();
    while let Some((id, path)) = open.pop() {
        if id == new.job {
            return Err(circle(&path));
        }
        if waiting.contains(&id) {
            return Err(circle(&[path, vec![me]].concat()));
        }
        if !seen.insert(id.clone()) {
            continue;
        }
        let Some(job) = state.job(&id) else { continue };
        for next in job.deps.iter().filter_map(|d| d.job.as_ref()).chain(&job.children) {
            open.push((next.clone(), [path.clone(), vec![next.to_string()]].concat()));
        }
    }
    Ok(())
}

pub(super) fn supersede(
    state: &State,
    job: &Job,
    spec: &Spec,
    body: &BlobId,
    effective: &BlobId,
    now: Now,
) -> Result<Vec<What>, Refusal> {
    if !job.stage.is_waiting() {
        return Err(invalid(job, "an edit takes effect only while it waits; requeue it to use the new text"));
    }
    if job.body == *body && job.effective == *effective {
        return Err(Refusal::new(
            Code::NoChange,
            format!("{} has this very text already", job.id),
            "nothing to do",
        ));
    }
    if let Some(key) = &spec.key
        && let Some(other) = state.keys.get(key).filter(|id| **id != job.id)
    {
        let message = format!("the key {key} belongs to {other}");
        return Err(Refusal::new(Code::KeyReused, message, "use another idempotency-key, or leave it out"));
    }
    let frozen = |name: &String| match job.deps.iter().find(|d| d.name == *name) {
        Some(dep) if dep.job.is_some() => dep.clone(),
        _ => Dep { name: name.clone(), job: state.find_named(name).filter(|id| *id != job.id) },
    };
    let deps: Vec<Dep> = spec.deps.iter().map(frozen).collect();
    let as_new = Submission {
        job: job.id.clone(),
        spec: spec.clone(),
        body: body.clone(),
        effective: effective.clone(),
        file: job.file.as_deref().map(str::to_string),
    };
    check_cycle(state, &as_new, &deps, None)?;
    let child = |id: &JobId| Dep { name: id.to_string(), job: Some(id.clone()) };
    let mut needs = job.children.iter().map(child).chain(deps.iter().cloned());
    let met = needs.all(|d| satisfied(state, spec.deps_mode, &d));
    // A park by a person or by a limit is not lifted by an edit; only a date in the file is. What the
    // edited job waits for is looked at when that park ends.
    let kept = job.park.as_deref().filter(|p| p.reason != ParkReason::NotBefore);
    let mut events = vec![What::JobSuperseded {
        job: job.id.clone(),
        spec: Arc::new(spec.clone()),
        body: body.clone(),
        effective: effective.clone(),
        deps,
        stage: if met || kept.is_some() { Stage::Queued } else { Stage::Blocked },
    }];
    match kept.cloned() {
        Some(park) => events.push(parked(&job.id, job.epoch, park)),
        None => events.extend(not_before(&job.id, job.epoch, spec, now).filter(|_| met)),
    }
    events.extend(name_becomes_known(state, &as_new));
    Ok(events)
}
