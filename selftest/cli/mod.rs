//! The command line, held as text: arguments and files in; output, talk and exit code out.

mod accounts;
mod acting;
mod bench;
mod budget;
mod frame;
mod reading;
mod setup;
mod shell;
mod undo;
mod words;
mod work;
