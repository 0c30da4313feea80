//! What every verb stands in: streams, forms of output, errors and exit codes, where the queue is, names and times.

mod complaint;
mod context;
mod crash;
mod exit;
mod globals;
mod moment;
mod names;
mod output;
mod pager;
mod paint;
mod queue;
mod table;
mod traces;
mod whole;

pub use complaint::{CliError, Kind};
pub use context::{Answer, Context, fence_of_run};
pub use crash::guard;
pub use exit::{EXITS, Exit};
pub use globals::{ColorWish, Globals};
pub use moment::{Toward, parse_moment};
pub use names::{find_job, find_jobs, nearest_word};
pub(super) use output::terminal_width;
pub use output::{Envelope, Form, Out};
pub use paint::{Role, role_of, sign_of, without_controls};
pub use queue::find_queue;
pub use table::{Cell, Column, Table};
