//! The ceiling of one engine: no claim is granted it beyond, another of the class is taken, else the job waits.

use expect_test::expect;

use crate::law_script::check;

#[test]
fn an_engine_at_its_ceiling_is_routed_around() {
    check(
        "
        cap claude 6
        cap claude 6
        ~ ceiling 100 window=day
        ~ submit a class=agentic-coder prefers=claude
        ~ submit b class=agentic-coder prefers=claude
        ~ submit c engine=claude
        claim h1 engines=claude,codex
        ~ start a
        progress a working usd=5.99
        gates b h2 engines=claude,codex
        progress a working usd=6
        show product
        # what runs on it goes on, and the next of the class is granted another
        claim h2 engines=claude,codex
        ~ start b
        # nobody else is left for one that names it, nor where there is only this one
        claim h3 engines=claude,codex
        gates c
        ~ submit d class=agentic-coder
        gates d h3 engines=claude
        gates d h3 engines=claude,codex
        claim h3 engines=claude
        ~ progress b working usd=1
        show product
        # what another one spent is not its, and what came in late is
        ~ preempt a
        settle a 1 run=run-a-1 usd=7
        show product
        cap claude 8
        show product
        claim h3 engines=claude
        hash
        ",
        expect![[r#"
            > cap claude 6
              engine_budget_changed ceiling=$6.00
            > cap claude 6
              ! no_change: the ceiling of claude is that already
            > claim h1 engines=claude,codex
              lease_granted a e1 holder=h1
              = a assigned@1 h1 "claimed"
            > progress a working usd=5.99
              progressed a e1 word=working
              = a building@1 h1 "attempt started"
            > gates b h2 engines=claude,codex
              gates: none
            > progress a working usd=6
              progressed a e1 word=working
              = a building@1 h1 "attempt started"
            > show product
              = product spent=$6.00 reserved=$0.00
              = around claude since +0s, $6.00 of $6.00
            # what runs on it goes on, and the next of the class is granted another
            > claim h2 engines=claude,codex
              lease_granted b e1 holder=h2 passed=[[engine_ceiling,1]]
              = b assigned@1 h2 "claimed"
            # nobody else is left for one that names it, nor where there is only this one
            > claim h3 engines=claude,codex
              nothing
            > gates c
              gates: engine_ceiling
            > gates d h3 engines=claude
              gates: engine_ceiling
            > gates d h3 engines=claude,codex
              gates: none
            > claim h3 engines=claude
              nothing
            > show product
              = product spent=$7.00 reserved=$0.00
              = around claude since +0s, $6.00 of $6.00
            # what another one spent is not its, and what came in late is
            > settle a 1 run=run-a-1 usd=7
              attempt_settled a
              = a queued@2 "preempted by op"
            > show product
              = product spent=$8.00 reserved=$0.00
              = around claude since +0s, $7.00 of $6.00
            > cap claude 8
              engine_budget_changed ceiling=$8.00
            > show product
              = product spent=$8.00 reserved=$0.00
            > claim h3 engines=claude
              lease_granted a e3 holder=h3
              = a assigned@3 h3 "claimed"
            > hash
        "#]],
    );
}

#[test]
fn a_new_window_opens_the_engine_by_itself() {
    check(
        "
        ~ ceiling 100 window=day
        ~ cap claude 6
        ~ submit a engine=claude
        ~ submit b engine=claude
        ~ claim h1 engines=claude
        ~ start a
        ~ progress a working usd=6
        claim h2 engines=claude
        gates b
        show product
        ~ pass 24h
        show product
        gates b
        # over a longer time it is still reached, since it was
        ~ ceiling 100 window=total
        show product
        cap claude none
        show product
        claim h2 engines=claude
        hash
        ",
        expect![[r#"
            > claim h2 engines=claude
              nothing
            > gates b
              gates: engine_ceiling
            > show product
              = product spent=$6.00 reserved=$0.00
              = around claude since +0s, $6.00 of $6.00
            > show product
              = product spent=$0.00 reserved=$0.00
            > gates b
              gates: none
            # over a longer time it is still reached, since it was
            > show product
              = product spent=$6.00 reserved=$0.00
              = around claude since +0s, $6.00 of $6.00
            > cap claude none
              engine_budget_changed
            > show product
              = product spent=$6.00 reserved=$0.00
            > claim h2 engines=claude
              lease_granted b e1 holder=h2
              = b assigned@1 h2 "claimed"
            > hash
        "#]],
    );
}
