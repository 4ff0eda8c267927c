//! A program that the kernel kills for want of memory. Apart from `ends.rs`: whose kill it was the machine's own counter does not tell, and
//! programs are killed there by others.

use super::marked::{Marked, shell};
use crate::support::limited::LimitedGroup;

const MIB: u64 = 1 << 20;

#[test]
fn a_kill_by_the_kernel_for_want_of_memory_fails() {
    // All of it lives there, as in a container, and what is small at first grows within two looks, lest it is ended before:
    // itself, and a child that is started again and again.
    let small = r#"echo $$ >FOLDER/cgroup.procs; "$0" leak --start 16777216 --rate 0 & sleep 1.5; "#;
    for large in
        [r#"exec "$0" leak --start 500000000 --rate 0"#, r#"while :; do "$0" leak --start 500000000 --rate 0; done"#]
    {
        let Some(group) = LimitedGroup::create("check", 200 * MIB) else { return };
        let script = format!("{small}{large}").replace("FOLDER", &group.folder.display().to_string());
        let flags = ["--ready-after=200ms", "--interval=1s", "--warm-up=0s", "--min-time=20s", "--max-time=20s"];
        let over = Marked::check(&flags, &shell(&script, 0)).end(&script);
        assert_eq!((over.status.code(), &over.report["verdict"]), (Some(1), &"failed".into()), "{over:?}");
        assert!(over.sentence().starts_with("the kernel OOM-killed "), "{over:?}");
    }
}
