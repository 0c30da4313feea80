//! What takes an action back, as its sheet and the palette tell it before it is done.

use super::actions::Do;
use super::screens::QueueDo;
use crate::dash::model::Model;
use crate::fleet::Action;

/// The line of the command line that takes it back, where one does.
pub fn undone_by(model: &Model, does: Do) -> Option<String> {
    let verb = match does {
        Do::Act(Action::Park) => "unpark",
        Do::Act(Action::Unpark) => "park",
        Do::Act(Action::Cancel | Action::Reject) => "requeue",
        Do::Queue(QueueDo::Pause) => return Some("aq budget resume local".to_string()),
        Do::Queue(QueueDo::Ceiling) => return Some("aq undo".to_string()),
        _ => return None,
    };
    let jobs: Vec<&str> = model.targets().iter().map(|job| job.id.as_str()).collect();
    (!jobs.is_empty()).then(|| format!("aq {verb} {}", jobs.join(" ")))
}
