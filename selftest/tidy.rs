//! The rules of the house that a machine can keep: text checks of the repository's own files.
//!
//! A rule is a function from the files to findings; each stands with small bad inputs that it must find. It is
//! shown here on the real files. A finding names file, line, rule and mending.

mod diagrams;
mod house;
mod life;
mod outside;
mod paths;
mod readme;
mod rooms;
mod scan;
mod shape;
mod speech;
mod tables;

use house::{HOUSE, none};

#[test]
fn rooms_look_down() {
    none(&rooms::look_down(&HOUSE));
}

#[test]
fn rooms_have_one_door() {
    none(&rooms::one_door(&HOUSE));
    none(&rooms::bare_doors(&HOUSE));
}

#[test]
fn what_reckons_is_pure() {
    none(&speech::pure(&HOUSE));
}

#[test]
fn one_file_reads_clocks() {
    none(&speech::one_clock(&HOUSE));
}

#[test]
fn frameworks_stay_in_their_rooms() {
    none(&speech::frameworks_stay_home(&HOUSE));
}

#[test]
fn files_and_functions_have_a_size() {
    println!("longer than they should be, and below the wall:\n{}", shape::near_the_wall(&HOUSE));
    none(&shape::sizes(&HOUSE));
}

#[test]
fn files_say_what_they_are() {
    none(&shape::heads(&HOUSE));
}

#[test]
fn nothing_is_left_behind() {
    none(&shape::leftovers(&HOUSE));
    none(&shape::no_dead_code(&HOUSE));
}

#[test]
fn no_room_is_for_junk() {
    none(&shape::no_junk_rooms(&HOUSE));
}

#[test]
fn the_top_level_is_short() {
    none(&outside::top_level(&HOUSE));
}

#[test]
fn one_library_draws_and_reads_keys() {
    none(&outside::one_of_each(&HOUSE));
}

#[test]
fn no_text_knows_the_machine() {
    none(&outside::no_machine_paths(&HOUSE));
    none(&outside::no_registry_hosts(&HOUSE));
}

#[test]
fn readme_says_what_the_source_says() {
    if std::env::var_os("UPDATE_README").is_some() {
        readme::update(&HOUSE);
        // Read anew by the next run; what is still wrong is not a matter of drawing.
        return;
    }
    none(&readme::readme_equals_source(&HOUSE));
}
