//! What brings a job back to wait takes the text of its file along, in one batch: no claim comes between with the
//! text of before.
//!
//! While a job runs, or after it failed, its file is the person's and nobody reads it. Sent back, the job has the
//! text that stands there; an agent that lives would else claim it at once, before anybody has looked at the folder.

use super::intake::{Intake, Ready};
use super::local::Local;
use super::seam::Board as _;
use super::settings::Settings;
use super::submit::add_children;
use crate::coordinator::Verdict;
use crate::fleet::{Code, Command, Order, Refusal, State, handle};
use crate::job::JobId;
use crate::store::Fault;

/// The job that a command may bring back to wait, and whether it is refused where the new text cannot be used: a
/// person who sends it back means that text, what a worker tells has happened already.
fn brings_back(command: &Command) -> Option<(&JobId, bool)> {
    match command {
        Command::Requeue { job, .. } | Command::Redrive { job } | Command::Reject { job, requeue: true } => {
            Some((job, true))
        }
        Command::End { job, .. } | Command::Release { job, .. } | Command::Preempt { job } => {
            Some((job, false))
        }
        _ => None,
    }
}

/// Whether [`Local::act_with_texts`] would look at the file of a job for it.
pub fn takes_text(command: &Command) -> bool {
    brings_back(command).is_some()
}

/// An order and what goes with it.
struct Row {
    /// Its own place in the batch, or why it does not go there.
    at: Result<usize, Refusal>,
    /// The new text, whose order stands behind it.
    text: Option<Ready>,
}

impl Local {
    /// As [`Board::act`](super::seam::Board::act), and a job that is brought back to wait gets the text that its file
    /// has now. The events of both are the answer to the one order.
    ///
    /// # Errors
    /// As there; a [`Fault`] of the folders.
    pub async fn act_with_texts(
        &self,
        settings: &Settings,
        orders: Vec<Order>,
    ) -> Result<Vec<Verdict>, Fault> {
        if !orders.iter().any(|order| takes_text(&order.command)) {
            return self.act(orders).await;
        }
        let mut scratch = State::clone(&self.snapshot());
        let (mut batch, mut rows) = (Vec::new(), Vec::new());
        for order in orders {
            let text = self.text_for(settings, &mut scratch, &order).await?;
            let at = text.as_ref().map_err(Clone::clone).map(|_| batch.len());
            let (text, edit) = text.ok().flatten().unzip();
            if at.is_ok() {
                batch.push(order);
                batch.extend(edit);
            }
            rows.push(Row { at, text });
        }
        let verdicts = if batch.is_empty() { Vec::new() } else { self.act(batch.clone()).await? };
        let mut told = Vec::new();
        for Row { at, text } in rows {
            told.push(match (at, text) {
                (Err(no), _) => Err(no),
                (Ok(at), None) => verdicts[at].clone(),
                (Ok(at), Some(ready)) => {
                    self.both(&batch[at], &verdicts[at], &verdicts[at + 1], &ready).await?
                }
            });
        }
        Ok(told)
    }

    /// The text that goes with an order and the order for it; an error is why the whole is not done.
    async fn text_for(
        &self,
        settings: &Settings,
        scratch: &mut State,
        order: &Order,
    ) -> Result<Result<Option<(Ready, Order)>, Refusal>, Fault> {
        let Some((id, strict)) = brings_back(&order.command) else { return Ok(Ok(None)) };
        let waits = |state: &State| state.job(id).is_some_and(|job| job.stage.is_waiting());
        if waits(scratch) || handle(scratch, order, self.now()).is_err() || !waits(scratch) {
            return Ok(Ok(None));
        }
        let Some((name, bytes)) = self.file_text(id).await? else { return Ok(Ok(None)) };
        let refused = |why: &str| match strict {
            true => Ok(Err(bad_text(id, &name, why))),
            // It keeps its text; the next look at the folder tells of the problems.
            false => Ok(Ok(None)),
        };
        let read = Intake::new(self.place(), settings, self.clock().wall()).read(&name, &bytes);
        let ready = match read {
            Ok(ready) => ready,
            Err(problems) => return refused(problems.lines().next().unwrap_or_default()),
        };
        let edit = Command::Supersede {
            job: id.clone(),
            spec: Box::new(ready.job.spec.clone()),
            body: self.put_blob(ready.job.body.clone()).await?,
            effective: self.put_blob(ready.job.effective.clone()).await?,
        };
        let edit = Order::new(order.by.clone(), edit);
        match handle(scratch, &edit, self.now()) {
            Ok(_) => Ok(Ok(Some((ready, edit)))),
            Err(no) if no.code == Code::NoChange => Ok(Ok(None)),
            Err(no) => refused(&no.message),
        }
    }

    /// The name and the bytes of a job's file, where they are others than the job has.
    async fn file_text(&self, id: &JobId) -> Result<Option<(String, Vec<u8>)>, Fault> {
        let id = id.clone();
        self.mailbox()
            .run(move |it| {
                it.catch_up()?;
                let state = it.state().clone();
                it.log().other_text(&state, &id)
            })
            .await?
    }

    /// What became of an order and of the text behind it.
    async fn both(
        &self,
        order: &Order,
        sent: &Verdict,
        edited: &Verdict,
        ready: &Ready,
    ) -> Result<Verdict, Fault> {
        let (Ok(sent), Ok(edited)) = (sent, edited) else { return Ok(sent.clone()) };
        if let Some((id, _)) = brings_back(&order.command)
            && let Some(no) = add_children(self, &order.by, id, &ready.children).await?
        {
            return Ok(Err(no));
        }
        Ok(Ok([sent.as_slice(), edited.as_slice()].concat()))
    }
}

fn bad_text(id: &JobId, name: &str, why: &str) -> Refusal {
    let message = format!("{id} stays as it is: its file was edited and cannot be used: {why}");
    Refusal::new(Code::InvalidState, message, format!("mend {name}, then send it back"))
}
