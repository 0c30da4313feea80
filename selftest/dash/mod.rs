//! The cockpit without a terminal: a queue by script, keys, and what comes of them.

mod acting;
mod boards;
mod budget;
mod crowd;
mod dice;
mod fleet;
mod frames;
mod graph;
mod grid;
mod live;
mod mouse;
mod moving;
mod needs;
mod pages;
mod palette;
mod plain;
mod plain_screens;
mod pty;
mod results;
mod risk;
mod room;
mod seat;
mod speed;
mod states;
mod telling;
mod time;
