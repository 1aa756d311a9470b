# frozen_string_literal: true

module Stepsize
  # A pure function of the step: a multiplier of the base rate. Any number of threads may use one.
  class Schedule
    # From its text form, such as "warmup(500) >> cosine(9500, floor=0.1)"; with a total, of which the text may give shares,
    # such as "warmup(10%) >> cosine(rest)".
    def initialize(text, total: nil)
      @handle = total ? made(:stepsize_schedule_bind, text, text.bytesize, total)
                      : made(:stepsize_schedule_parse, text, text.bytesize)
    end

    # Of multipliers, one for each update; the last one holds.
    def self.table(values) = of(Native.made(:stepsize_schedule_destroy, :stepsize_schedule_table, *Native.reals(values)))

    # Takes over a C object.
    def self.of(handle) = allocate.tap { |schedule| schedule.instance_variable_set(:@handle, handle) }

    # The C object, which stays this one's, for Native.call.
    attr_reader :handle

    # The multiplier for an update.
    def at(step) = Native.call(:stepsize_schedule_at, handle, step)

    # Rates for the updates first, first + stride and so on.
    def values(count, first: 0, stride: 1, base_lr: 1.0)
      out = "\0".b * (8 * count)
      Native.check(:stepsize_schedule_fill, handle, first, stride, base_lr, out, count)
      out.unpack("d*")
    end

    # Updates; nil where it has no end.
    def length
      length = Native.call(:stepsize_schedule_length, handle)
      length == Interface::NEVER ? nil : length
    end

    # This one for its length, then the other from its own step 0.
    def >>(other) = Schedule.of(made(:stepsize_schedule_sequence, handle, other.handle))

    # The product with another schedule at the same step, or with a number.
    def *(other)
      return Schedule.of(made(:stepsize_schedule_scale, handle, other)) if other.is_a?(Numeric)

      Schedule.of(made(:stepsize_schedule_product, handle, other.handle))
    end

    # 0.5 * schedule
    def coerce(number) = [self, number]

    def to_s = Native.text(:stepsize_schedule_print, handle)
    def inspect = "#<#{self.class} #{self}>"
    def ==(other) = other.is_a?(Schedule) && to_s == other.to_s
    alias eql? ==
    def hash = to_s.hash

    private

    def made(name, *arguments) = Native.made(:stepsize_schedule_destroy, name, *arguments)
  end
end
