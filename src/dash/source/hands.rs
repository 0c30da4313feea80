//! What is done for a person: orders, answers, ships, undo; and what is read for a page.

use std::sync::Arc;

use super::folder::brief;
use super::folder::{Folder, Post};
use super::{readmitting, reads, remembering, rewriting, submitting};
use crate::agent::{Ship, settle_closed, ship};
use crate::board::{Board as _, Local, Settings};
use crate::dash::effect::{Effect, Want};
use crate::dash::model::{Deed, Gist, GistOf, Target};
use crate::dash::msg::{Acted, Got, Msg, Read, Said};
use crate::fleet::{Action, Actor, Code, Command, Order, Refusal};
use crate::insight::{
    Deed as PastDeed, PastAction, has_inverse, in_words, left_out, no_way_back, short_rev, to_redo,
    undo_runs_again, way_again, way_back, with_text,
};
use crate::job::{BlobId, IdempotencyKey, JobId, Rev};
use crate::store::Fault;
use crate::time::{Clock as _, SystemClock};

/// Orders put into one batch: bounds a line of the log and the wait of others.
const BATCH_MOST: usize = 1_000;

/// Hands on one folder.
#[derive(Clone)]
pub struct Hands {
    local: Arc<Local>,
    settings: Arc<Settings>,
    me: Actor,
    post: Post,
}

/// What became of each job.
type Results = Vec<(JobId, Result<String, Refusal>)>;

/// What was turned back or forth, or why nothing was.
type Turned = Result<(&'static str, Results), String>;

impl Hands {
    /// Hands of that person.
    pub fn new(local: Arc<Local>, folder: &Folder, post: Post) -> Hands {
        Hands { local, settings: Arc::clone(&folder.settings), me: folder.me.clone(), post }
    }

    /// Does it and tells what became of it.
    pub async fn take(&self, effect: Effect) {
        match effect {
            Effect::Act { ticket, action, deeds, note } => {
                let done = self.orders(action, &deeds, note.as_ref()).await;
                self.tell(ticket, action, done);
            }
            Effect::Answer { ticket, target, text } => {
                let done = self.answer(&target, text).await;
                self.tell(ticket, Action::Answer, done);
            }
            Effect::Ship { ticket, target, rev } => {
                let done = self.ship(&target, rev).await;
                self.tell(ticket, Action::Ship, done);
            }
            Effect::Submit(file, text) => {
                let said = submitting::submit_text(&self.local, &self.settings, &self.me, &file, text).await;
                (self.post)(Msg::Said(said));
            }
            Effect::Rewrite { job, copy, was, text } => {
                let said = rewriting::rewrite(&self.local, &job, &copy, &was, &text).await;
                (self.post)(Msg::Said(said));
            }
            Effect::Remember(_) | Effect::Weigh(_) | Effect::Readmit(_) => self.take_file(effect),
            Effect::Undo { ticket } => {
                let done = self.take_back().await;
                self.turned(ticket, ["undid", "undone"], done);
            }
            Effect::Redo { ticket } => {
                let done = self.do_again().await;
                self.turned(ticket, ["redid", "redone"], done);
            }
            Effect::Read(want) => {
                let hands = self.clone();
                // A large diff takes its time; what a person does next must not wait for it.
                tokio::spawn(async move {
                    let got = hands.read(&want).await;
                    (hands.post)(Msg::Read(Box::new(Read { want, got })));
                });
            }
            // What belongs to the terminal or to the loop never comes here.
            Effect::Order { .. }
            | Effect::Rescue { .. }
            | Effect::LetGo { .. }
            | Effect::Agents { .. }
            | Effect::Survey(_)
            | Effect::Lists(_)
            | Effect::Seek(_)
            | Effect::Forget(_)
            | Effect::Follow(..)
            | Effect::Unfollow
            | Effect::Copy(..)
            | Effect::AskBackground
            | Effect::Mouse(_)
            | Effect::Ping(_)
            | Effect::Title(_)
            | Effect::Edit(_)
            | Effect::EditAt(..)
            | Effect::New
            | Effect::OpenKept(..)
            | Effect::OpenRejected(_)
            | Effect::Reconnect
            | Effect::Redraw
            | Effect::Suspend => {}
        }
    }

    /// Does what is about one file: of the cockpit's own, or of a manifest that lies rejected.
    fn take_file(&self, effect: Effect) {
        match effect {
            Effect::Weigh(name) => {
                let problems = readmitting::weigh(&self.local, &self.settings, &name);
                (self.post)(Msg::Weighed(name, problems));
            }
            Effect::Readmit(name) => {
                let said = readmitting::readmit(self.local.place(), &name);
                (self.post)(Msg::Said(said));
            }
            Effect::Remember(memo) => {
                let post = Arc::clone(&self.post);
                // It waits for a lock and for the disk.
                tokio::task::spawn_blocking(move || {
                    if let Err(why) = remembering::keep(memo) {
                        let (text, more) = (format!("not kept for the next start: {why}"), String::new());
                        post(Msg::Said(Said { text, more, bad: true }));
                    }
                });
            }
            _ => {}
        }
    }

    fn tell(&self, ticket: u64, action: Action, done: Result<(Results, bool), Fault>) {
        let past = action.row().past.to_string();
        let upto = self.local.snapshot().seq;
        let acted = match done {
            Ok((results, undo)) => Acted { ticket, results, fault: None, past, undo, upto },
            Err(fault) => {
                let fault = brief(&format!("{fault} ({})", fault.hint), self.local.place());
                Acted { ticket, results: Vec::new(), fault: Some(fault), past, undo: false, upto }
            }
        };
        (self.post)(Msg::Acted(Box::new(acted)));
    }

    /// Orders of one action share the name in their keys, so that one undo takes them all back.
    async fn orders(
        &self,
        action: Action,
        deeds: &[Deed],
        note: Option<&String>,
    ) -> Result<(Results, bool), Fault> {
        let name = format!("act-{:016x}", fastrand::u64(..));
        let order = |(nth, deed): (usize, &Deed)| {
            let mut order = Order::new(self.me.clone(), deed.command.clone());
            order.key = Some(IdempotencyKey::new(format!("{name}/{nth}")));
            // Good only while the job stands as it was seen: what was not shown is not agreed to.
            order.from = Some(deed.target.from);
            order.note = note.cloned();
            order
        };
        let all: Vec<Order> = deeds.iter().enumerate().map(order).collect();
        let (mut results, mut undo) = (Vec::new(), false);
        for (group, deeds) in all.chunks(BATCH_MOST).zip(deeds.chunks(BATCH_MOST)) {
            let before = self.local.snapshot();
            let verdicts = self.local.act_with_texts(&self.settings, group.to_vec()).await?;
            let state = self.local.snapshot();
            for (deed, verdict) in deeds.iter().zip(verdicts) {
                let job = state.job(&deed.target.job);
                let result = match verdict {
                    Ok(events) => {
                        let old = before.job(&deed.target.job);
                        let can = old.zip(job).is_some_and(|(old, new)| has_inverse(action, old, new.stage));
                        undo |= can;
                        // Who presses `u` here must know that nothing comes back but a run.
                        let again = can && old.is_some_and(|old| undo_runs_again(action, old));
                        let again = if again { "; undo runs it again" } else { "" };
                        Ok(self.said(action.row().past, &deed.target.job) + with_text(&events) + again)
                    }
                    Err(no) => Err(in_words(action, job, no)),
                };
                results.push((deed.target.job.clone(), result));
            }
        }
        // What a dead agent of theirs left running ends with them.
        settle_closed(&self.local).await?;
        Ok((results, undo))
    }

    /// `parked fix-login-7k2m at checkpoint 8c1f2e0: it is queued`.
    fn said(&self, past: &str, id: &JobId) -> String {
        let state = self.local.snapshot();
        let Some(job) = state.job(id) else { return format!("{past} {id}") };
        let at = job.checkpoint.as_ref().filter(|_| job.stage.is_waiting());
        let at = at.map_or_else(String::new, |(rev, _)| format!(" at checkpoint {}", short_rev(Some(rev))));
        let stage = match &job.park {
            Some(park) => format!("parked ({})", park.reason.words()),
            None => job.stage.to_string(),
        };
        format!("{past} {id}{at}: it is {stage}")
    }

    async fn answer(&self, target: &Target, text: String) -> Result<(Results, bool), Fault> {
        let answer = self.local.put_blob(text.into_bytes()).await?;
        let command = Command::Answer { job: target.job.clone(), answer };
        self.orders(Action::Answer, &[Deed { target: target.clone(), command }], None).await
    }

    async fn ship(&self, target: &Target, rev: Option<Rev>) -> Result<(Results, bool), Fault> {
        let what = Ship { job: target.job.clone(), rev, by_person: true, note: None };
        let result = ship(&self.local, &self.settings, &self.me, &what).await?;
        let result = result.map(|sent| sent.said(&target.job));
        Ok((vec![(target.job.clone(), result)], false))
    }

    /// Tells what became of an undo or a redo, each with its word for what it did and for what was done.
    fn turned(&self, ticket: u64, [did, done]: [&str; 2], came: Result<Turned, Fault>) {
        let (past, fault, results) = match came {
            Ok(Ok((verb, results))) => (format!("{did} {verb} of"), None, results),
            Ok(Err(none)) => (done.to_string(), Some(none), Vec::new()),
            Err(fault) => (done.to_string(), Some(fault.to_string()), Vec::new()),
        };
        let upto = self.local.snapshot().seq;
        // Done again it is an action like any other, and can be undone again.
        let undo = done == "redone";
        (self.post)(Msg::Acted(Box::new(Acted { ticket, results, fault, past, undo, upto })));
    }

    /// Takes back the last action of this person. One that nothing takes back is not passed over: whoever wants what
    /// was done before it undone says so.
    async fn take_back(&self) -> Result<Turned, Fault> {
        let actions = self.local.past_actions()?;
        let state = self.local.snapshot();
        let mine = |past: &&PastAction| past.by.is(&self.me) && past.stands(&state);
        let Some(past) = actions.iter().rev().find(mine) else {
            return Ok(Err("you have done nothing here that could be undone".to_string()));
        };
        if past.has_no_inverse() {
            let before = actions.iter().rev().filter(mine).find(|past| past.is_open(&state));
            let before = before.map(|past| format!(" (aq undo: {} of {})", past.verb, past.targets()));
            return Ok(Err(no_way_back(&state, past) + &before.unwrap_or_default()));
        }
        let mut results = Vec::new();
        for deed in past.deeds.iter().filter(|deed| deed.inverse.is_some() && !deed.undone) {
            let way = way_back(&self.local.snapshot(), deed, SystemClock.wall());
            let key = Some(IdempotencyKey::new(format!("undo-{}", deed.seq)));
            results.push(self.turn(past, deed, way, key, ["undo", "undid"]).await?);
        }
        Ok(Ok((past.verb, results)))
    }

    /// Does again what this person undid last.
    async fn do_again(&self) -> Result<Turned, Fault> {
        let actions = self.local.past_actions()?;
        let Some(past) = to_redo(&actions, &self.me) else {
            return Ok(Err("you have undone nothing, or done something else since".to_string()));
        };
        let mut results = Vec::new();
        for deed in past.taken_back() {
            let way = way_again(&self.local.snapshot(), deed, SystemClock.wall());
            results.push(self.turn(past, deed, way, past.redo_key(deed), ["redo", "redid"]).await?);
        }
        Ok(Ok((past.verb, results)))
    }

    /// One deed the way back or forth, decided on what stands now.
    async fn turn(
        &self,
        past: &PastAction,
        deed: &PastDeed,
        way: Result<Command, String>,
        key: Option<IdempotencyKey>,
        [word, did]: [&str; 2],
    ) -> Result<(JobId, Result<String, Refusal>), Fault> {
        let state = self.local.snapshot();
        let job = deed.job.as_ref().and_then(|id| state.job(id));
        let id = deed.job.clone().unwrap_or_else(|| JobId::new(crate::insight::LOCAL));
        let result = match way {
            Err(why) => {
                Err(Refusal::new(Code::Moved, format!("cannot {word} {} of {id}: {why}", past.verb), ""))
            }
            Ok(command) => {
                let mut order = Order::new(self.me.clone(), command);
                order.key = key;
                order.from = job.map(|job| (job.stage, job.epoch));
                let verdict = self.local.act_with_texts(&self.settings, vec![order]).await?.swap_remove(0);
                let lost = left_out(deed).filter(|_| word == "undo");
                let lost = lost.map_or_else(String::new, |lost| format!("; {lost}"));
                verdict.map(|_| self.said(&format!("{did} {} of", past.verb), &id) + &lost)
            }
        };
        Ok((id, result))
    }

    async fn read(&self, want: &Want) -> Result<Got, String> {
        match want {
            Want::History(job) => self.history(job).await,
            Want::Manifest(_, blob) | Want::Question(_, blob) => self.text(blob).await,
            Want::Texts(_, blobs) => {
                let mut texts = Vec::new();
                for blob in blobs {
                    let text = match self.text(blob).await {
                        Ok(Got::Text(text)) => text,
                        Ok(_) => String::new(),
                        Err(why) => format!("({why})"),
                    };
                    texts.push((blob.clone(), text));
                }
                Ok(Got::Texts(texts))
            }
            Want::Gist(job, GistOf::Change(rev)) => reads::size(&self.local, job, rev).await,
            Want::Gist(_, GistOf::Question(blob)) => match self.text(blob).await? {
                Got::Text(text) => Ok(Got::Gist(Gist::Question(text))),
                other => Ok(other),
            },
            // Transcripts are followed, not read once.
            Want::Log(..) => Err("a transcript is followed".to_string()),
            Want::Diff(job, of) => reads::diff(&self.local, job, of).await,
            Want::Explain(job, at) => {
                let (local, settings) = (Arc::clone(&self.local), Arc::clone(&self.settings));
                let (job, at) = (job.clone(), *at);
                beside(move || reads::explained(&local, &settings, &job, at)).await
            }
            Want::Runs(job) => {
                let (local, job) = (Arc::clone(&self.local), job.clone());
                beside(move || reads::runs(&local, &job)).await
            }
            Want::Files(job) => {
                let (local, job) = (Arc::clone(&self.local), job.clone());
                beside(move || reads::artifacts(&local, &job)).await
            }
        }
    }

    async fn history(&self, job: &JobId) -> Result<Got, String> {
        let events = self.local.events(0, usize::MAX).await.map_err(|fault| fault.to_string())?;
        Ok(Got::History(events.into_iter().filter(|row| row.1.what.job() == Some(job)).collect()))
    }

    async fn text(&self, blob: &BlobId) -> Result<Got, String> {
        let bytes = self.local.blob(blob.clone()).await.map_err(|fault| fault.to_string())?;
        let bytes = bytes.ok_or_else(|| "it is no longer stored".to_string())?;
        Ok(Got::Text(String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// What may take long is done beside the loop.
async fn beside(work: impl FnOnce() -> Result<Got, String> + Send + 'static) -> Result<Got, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(got) => got,
        // A bug in it is a bug of ours: it goes on up and is told there.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
