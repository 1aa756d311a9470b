"""What the numbers of the C interface count: the units in abi.json.

A name has one unit everywhere, except where OWN names the function or struct. A number whose name is in neither list is
an error of the generator, so that a new parameter comes with its unit.
"""

from abi_sources import Problem

NAMES = {
    "bytes": "size capacity offset",
    "elements": "arguments columns count distance_count dot_count early_stop_count group_count h_count hidden instances"
                " max_lr_count min_lr_count norm_capacity norm_count observation_count parameter_count part_count"
                " population rank row_stride rows schedule_count units value_count w_count written zero_count"
                " repaired_count raised_count w_steps h_steps batch_size",
    "index": "group index parameter instance",
    "updates": "anneal_start every first length position start step steps stride total train_num_batches until updates"
               " warmup warmup_iterations",
    "learning rate": "base_lr base_lrs gamma h_bound h_rate learning_rate lrs max_lr min_lr rate rates w_bound w_rate",
    "multiplier": "max min multiplier value values",
    "fraction": "adapt final_learning_rate_frac floor progress smoothing suggested_floor tau",
    "loss": "loss losses smoothed",
    "gradient norm": "dots grad_l1 grad_norm h_gradient mean_norm median norm norms squared_norms w_gradient",
    "distance": "distance start_norm squared_distances update_norm",
    "constant": "bound catalogue form given kind method optimizer order policy spacing status trainer trial what",
    "flag": "capped clipped collapsed entered explore record relative",
    "number": "a b context data divergence dot_start dot_update dot_x factor integer limit max_error mean mean_dot_x"
              " omega power real reserved reward score seed squares theta tolerance",
}  # fmt: skip
OWN = {
    "stepsize_scheduler_record_range.count": "updates",
    "stepsize_score_result.count": "updates",
    "stepsize_score_result.bound": "number",
    "stepsize_refine_result.bound": "number",
    "stepsize_finder_options.count": "updates",
    "stepsize_finder_options.start": "learning rate",
    "stepsize_finder_options.end": "learning rate",
    "stepsize_norm_log_create.capacity": "elements",
    "stepsize_nmf_options.norm": "number",
    "stepsize_median_filter.values": "number",
    "stepsize_median_filter.out": "number",
    "stepsize_norm_log_values.out": "gradient norm",
    "stepsize_schedule_fill.out": "learning rate",
    "stepsize_schedule_fill_float.out": "learning rate",
    "stepsize_scheduler_record.out": "learning rate",
    "stepsize_scheduler_record.first": "index",
    "stepsize_nmf_transform.steps": "number",
    "stepsize_nmf_set_factors.w": "number",
    "stepsize_nmf_set_factors.h": "number",
    "stepsize_nmf_get_factors.w": "number",
    "stepsize_nmf_get_factors.h": "number",
    "stepsize_nmf_transform.w": "number",
    "stepsize_nmf_transform.h": "number",
    "stepsize_nmf_create.x": "number",
    "stepsize_nmf_step.x": "number",
    "stepsize_nmf_loss.x": "number",
    "stepsize_nmf_transform.x": "number",
}
UNITS = {name: unit for unit, names in NAMES.items() for name in names.split()}


def unit_of(owner: str, name: str) -> str:
    unit = OWN.get(f"{owner}.{name}") or UNITS.get(name)
    if unit is None:
        raise Problem(f"dev/abi_units.py: what does the number `{name}` of {owner} count?")
    return unit
