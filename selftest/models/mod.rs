//! A model of our own on the loopback, so that the real engine programs can be run without a vendor.

mod anthropic;
mod openai;
mod play;
mod scenario;
mod server;

pub use server::Models;
