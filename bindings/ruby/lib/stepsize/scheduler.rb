# frozen_string_literal: true

module Stepsize
  # What a training loop holds: step, base rates, schedule, controllers. One thread at a time.
  class Scheduler
    # From the text form of controllers and schedule, such as "greedy(patience=10) * linear(1000)", and the base rate or one
    # for each parameter group. Bounds are none, one for all groups, or one for each.
    def initialize(text, base_lrs, min_lr: nil, max_lr: nil, record: false, total: 0)
      options = Native.struct(:stepsize_scheduler_options)
      Native.check(:stepsize_scheduler_defaults, options, options.bytesize)
      arrays = { base_lr: base_lrs, min_lr: min_lr, max_lr: max_lr }.to_h do |field, values|
        numbers, count = Native.reals(values)
        Native.set(options, :stepsize_scheduler_options, field, numbers ? Fiddle::Pointer[numbers].to_i : 0)
        Native.set(options, :stepsize_scheduler_options, field == :base_lr ? :group_count : :"#{field}_count", count)
        [field, numbers]
      end
      Native.set(options, :stepsize_scheduler_options, :record, record ? 1 : 0)
      Native.set(options, :stepsize_scheduler_options, :total, total)
      @handle = made(:stepsize_scheduler_parse, text, text.bytesize, options)
      arrays.clear # they had to live until here
    end

    # From what save has returned, in this or another language.
    def self.restore(state) = allocate.tap { |scheduler| scheduler.send(:restore, state) }

    # The C object, which stays this one's, for Native.call.
    attr_reader :handle

    # Everything that is needed to continue, as a binary string.
    def save = Native.written(:stepsize_scheduler_save, handle, 0)

    # The rate of a group for the current update; NaN where there is no such group.
    def lr(group = 0) = Native.call(:stepsize_scheduler_lr, handle, group)

    # The rates of all groups for the current update.
    def lrs = Array.new(Native.call(:stepsize_scheduler_group_count, handle)) { |group| lr(group) }

    # Goes to the next update; a loss is that of the last one. Returns the scheduler, as what follows does.
    def step(loss = nil)
      if loss
        change(:stepsize_scheduler_step_with_loss, loss, nil, 0)
      else
        change(:stepsize_scheduler_step, nil, 0)
      end
    end

    # Goes so many updates on without showing a loss.
    def advance(updates = 1) = change(:stepsize_scheduler_advance_by, updates, nil, 0)

    # Shows what is known of an update before it is made, such as { loss: 1.0, grad_norm: 0.5 }; or one hash for each group.
    def observe(*observations)
      size = Interface::STRUCTS.fetch(:stepsize_observation).first
      given = observations.map do |numbers|
        bits = numbers.keys.sum { |name| Interface::NEEDS.key(:"scalar_#{name}") || raise(ArgumentError, "no #{name}") }
        Native.struct(:stepsize_observation, { size: size, given: bits }.merge(numbers))
      end
      Native.checked(:stepsize_scheduler_observe, handle, given.join, given.size, nil, 0)
      self
    end

    # Shows products of the gradient and the last update to a hypergradient controller.
    def observe_gradient(dots, norms = nil)
      products, count = Native.reals(dots)
      lengths, length_count = Native.reals(norms)
      raise ArgumentError, "as many norms as products" if norms && length_count != count

      change(:stepsize_scheduler_observe_gradient, products, lengths, count, nil, 0)
    end

    # Begins a line search; the rates are those of the first trial.
    def propose(loss, squared_norms)
      change(:stepsize_scheduler_propose, loss, *Native.reals(squared_norms), nil, 0)
    end

    # Judges a trial by the loss after it: :accepted, :retry or :failed.
    def report(loss, squared_distances = nil)
      trial = "\0".b * 4
      change(:stepsize_scheduler_report, loss, *Native.reals(squared_distances), trial, nil, 0)
      Interface::TRIAL.fetch(trial.unpack1("l"))
    end

    # The recorded rates of a group as a schedule for a base rate of 1.
    def replay(group = 0)
      Schedule.of(Native.made(:stepsize_schedule_destroy, :stepsize_scheduler_replay, handle, group))
    end

    # Another schedule from the current update on.
    def extend_to(schedule)
      Native.checked(:stepsize_scheduler_extend, handle, schedule.handle)
      self
    end

    # The update that the current rates are for.
    def current_step = Native.call(:stepsize_scheduler_get_step, handle)

    # What the controller did with the last loss, such as :cut.
    def decision = Interface::DECISION.fetch(Native.call(:stepsize_scheduler_decision, handle), :unknown)

    # Why the training can stop, such as :end; nil where there is no reason to.
    def stop_reason
      reason = Interface::STOP.fetch(Native.call(:stepsize_scheduler_stop_reason, handle), :unknown)
      reason == :none ? nil : reason
    end

    # What has to be shown at each update, such as [:needs_loss].
    def needs
      sum = Native.call(:stepsize_scheduler_needs, handle)
      Interface::NEEDS.filter_map { |bit, word| word if sum.anybits?(bit) }
    end

    def to_s = Native.text(:stepsize_scheduler_print, handle)
    def inspect = "#<#{self.class} #{self}, step #{current_step}>"

    private

    def made(name, *arguments) = Native.made(:stepsize_scheduler_destroy, name, *arguments)

    def restore(state) = @handle = made(:stepsize_scheduler_restore, state, state.bytesize)

    def change(name, *arguments)
      Native.check(name, handle, *arguments)
      self
    end
  end
end
