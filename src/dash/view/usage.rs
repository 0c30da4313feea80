//! What a job used up so far, under which lease and with which engine: the summary's part of Runs.

use super::canvas::Canvas;
use super::parts;
use super::summary::{Told, labelled};
use super::text::{clean, grouped};
use crate::dash::model::Gist;
use crate::dash::theme::Sign;
use crate::fleet::Job;
use crate::insight::used;
use crate::job::usd;

/// What is told; nothing of a job that was never tried.
pub fn told(canvas: &mut Canvas<'_>, job: &Job) -> Option<Told> {
    let last = job.attempts.last()?;
    let used = used(job);
    let kinds = used.kinds;
    let big = |n: u64| match n {
        0..=9_999 => grouped(usize::try_from(n).unwrap_or(usize::MAX)),
        10_000..=9_999_999 => format!("{}k", n / 1_000),
        _ => format!("{}M", n / 1_000_000),
    };
    let of = |n: Option<u64>, word: &str| n.map(|n| format!("{} {word}", big(n)));
    let by_kind: Vec<String> = [of(kinds.input, "in"), of(kinds.output, "out"), of(kinds.cached, "cached")]
        .into_iter()
        .flatten()
        .collect();
    let tokens = match by_kind.is_empty() {
        true => used.tokens().unwrap_or("?".to_string()),
        false => by_kind.join("  "),
    };
    let ceiling = job.budget().micro_usd.map(|ceiling| format!(" of {}", usd(ceiling)));
    let cost = format!("{}{}", parts::cost(job), ceiling.unwrap_or_default());
    let insight = last.insight.as_deref().cloned().unwrap_or_default();
    let count = |n: Option<u64>| n.map_or("?".to_string(), big);
    let change = match (canvas.model.gists.of(job), insight.files, insight.added, insight.removed) {
        (Some(Gist::Change(plus, minus, _)), files, ..) => Some((files, *plus, *minus)),
        (_, Some(files), Some(plus), Some(minus)) => Some((Some(files), plus, minus)),
        _ => None,
    };
    let minus = canvas.sign(Sign::Minus);
    let change = change.map(|(files, plus, less)| {
        let files = files.map(|n| format!("{n}  ")).unwrap_or_default();
        format!("   files {files}+{plus} {minus}{less}")
    });
    let model = insight.model.map(|model| format!("   model {}", clean(&model))).unwrap_or_default();
    let lease = match job.lease.as_deref() {
        Some(lease) => {
            let age = canvas.age(lease.granted);
            format!("epoch {}, held for {age} by {}", job.epoch, clean(&lease.holder.short()))
        }
        None => format!("epoch {}, nobody holds it", job.epoch),
    };
    let tries = format!("attempt {} of {}", last.no, clean(&last.engine));
    let lines = vec![
        labelled(canvas, "tokens", format!("{tokens}   cost {cost}")),
        labelled(canvas, "turns", format!("{}   tools {}", count(used.turns), count(insight.tools))),
        labelled(canvas, "engine", format!("{tries}{model}{}", change.unwrap_or_default())),
        labelled(canvas, "lease", lease),
    ];
    Some(Told::of("Usage", "", lines))
}
