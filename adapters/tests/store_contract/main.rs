//! What every store must do, tested once over all of them.
//!
//! PostgreSQL takes part with the feature `servers`, never by skipping in silence.

// Outside of `#[test]` clippy does not see that this is a test.
#![allow(clippy::unwrap_used)]

mod narrow;
mod pages;
mod rows;
mod rules;
mod stores;
#[cfg(feature = "servers")]
mod wall;

/// One test per rule and store.
macro_rules! contract {
    ($($group:ident: $($rule:ident),+;)+) => {
        mod memory {
            $($(#[tokio::test]
            async fn $rule() {
                crate::$group::$rule(&kontor_actors::memory::MemoryStore::new()).await;
            })+)+
        }
        mod sqlite {
            $($(#[tokio::test]
            async fn $rule() {
                let folder = tempfile::tempdir().unwrap();
                crate::$group::$rule(&*crate::stores::sqlite(folder.path()).await).await;
            })+)+
        }
        #[cfg(feature = "servers")]
        mod postgres {
            $($(#[tokio::test]
            async fn $rule() {
                let database = crate::stores::Database::create().await;
                let store = database.store().await;
                // The database is dropped also when the rule is broken.
                let kept = tokio::spawn(async move { crate::$group::$rule(&*store).await }).await;
                database.drop().await;
                kept.unwrap();
            })+)+
        }
    };
}

contract! {
    rules:
        a_sequence_given_out_twice_is_fenced,
        a_deposed_writer_is_fenced_whatever_else_is_wrong,
        a_batch_is_written_whole_or_not_at_all,
        a_batch_of_every_kind_is_read_back,
        an_empty_batch_changes_nothing,
        what_was_erased_is_not_sealed_with_a_new_key,
        what_is_made_ready_on_top_of_another_batch_is_read_like_it,
        a_large_batch_is_written_whole,
        an_older_state_never_overwrites_a_newer_one,
        a_version_of_an_entity_exists_once,
        a_touch_of_an_entity_exists_once,
        a_key_has_one_owner,
        a_key_passes_from_one_owner_to_another_in_one_batch,
        a_key_is_not_taken_from_somebody_else,
        a_request_is_answered_once,
        a_cursor_never_moves_back,
        text_with_quotes_and_unicode_comes_back_unchanged,
        text_with_nul_is_refused_and_the_store_lives_on,
        a_key_too_long_for_an_index_is_no_outage,
        the_layout_of_shards_is_fixed_at_the_first_call;
    pages:
        answers_stand_in_the_order_of_the_questions,
        heads_are_the_last_sequences,
        a_shard_is_read_in_order_and_in_pages,
        a_tenant_reads_its_own_events_of_a_stretch_and_no_other_s,
        history_shows_touched_versions_in_order,
        a_long_history_of_touches_is_whole_on_every_page,
        lists_are_paged_from_the_newest_name_without_skips,
        lists_filter_by_prefix_and_status,
        lists_across_tenants_are_ordered_by_tenant,
        what_is_due_comes_earliest_first,
        what_waits_is_paged_between_two_instants_for_one_tenant_or_for_all,
        a_tenant_sees_what_its_own_entities_wait_for,
        scans_pass_over_everything_once,
        dead_letters_are_kept_replaced_and_removed,
        dead_letters_are_filtered_and_paged,
        a_dead_letter_with_nul_is_kept,
        old_requests_are_forgotten_oldest_first,
        the_names_of_requests_come_page_by_page,
        a_store_answers_a_ping;
    narrow:
        lists_filter_by_label_and_by_a_stretch_of_names,
        a_label_changes_with_its_state_and_is_read_back,
        the_labels_that_there_are_are_told_once_in_order,
        keys_are_listed_by_how_they_begin_the_last_first,
        a_person_s_entities_are_found_whenever_they_came,
        a_person_s_entities_are_listed_until_they_are_erased;
}
