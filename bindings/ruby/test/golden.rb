# frozen_string_literal: true

# The golden vectors of Tests/golden: the same bits as in every other language.
#     ruby -Ibindings/ruby/lib bindings/ruby/test/golden.rb
require "minitest/autorun"
require "stepsize"

class GoldenTest < Minitest::Test
  GOLDEN = File.expand_path("../../../Tests/golden", __dir__)
  # The last one has the bits where the library misses the nearest double.
  FILES = %w[primitives.tsv compositions.tsv algebra.tsv examples.tsv bits.txt].freeze

  # Without comments and empty ones.
  def lines(name) = File.readlines("#{GOLDEN}/#{name}", chomp: true).reject { |line| line.empty? || line.start_with?("#") }

  WORDS = { "nan" => Float::NAN, "inf" => Float::INFINITY, "-inf" => -Float::INFINITY }.freeze

  def number(text) = WORDS.fetch(text) { Float(text) }

  def bits(value) = [value].pack("G").unpack1("H*")

  def test_schedules
    cases = Hash.new { |all, text| all[text] = {} }
    FILES.each do |name|
      text = nil
      lines(name).each do |line|
        next text = line[2..] if line.start_with?("= ")

        step, expected = line.split("\t")
        cases[text][step.to_i] = expected
      end
    end
    assert_operator cases.size, :>, 1300
    cases.each do |text, rows|
      schedule = Stepsize::Schedule.new(text)
      found = rows.to_h { |step, _| [step, bits(schedule.at(step))] }
      assert_equal rows, found, text
      first = rows.keys.first
      assert_equal rows[first], bits(schedule.values(1, first: first).first), text
    end
  end

  # A loss, "-" for an update without one, or NAME:ARGUMENT:...
  def call(scheduler, text)
    name, *words = text.split(":")
    case name
    when "observe"
      numbers = words.to_h { |word| word.split("=").then { |key, value| [key.to_sym, number(value)] } }
      scheduler.observe(numbers)
    when "observe_gradient" then scheduler.observe_gradient(*words.map { |word| number(word) })
    when "propose" then scheduler.propose(*words.map { |word| number(word) })
    when "report" then assert_equal words[1].to_sym, scheduler.report(number(words[0]))
    when "-" then scheduler.advance
    else scheduler.step(number(text))
    end
  end

  def test_controllers
    scheduler = name = given = nil
    traces = 0
    lines("controllers.txt").each do |line|
      first, second, third = line.split("\t")
      if first == "scheduler" then given = second
      elsif first == "base" then scheduler = Stepsize::Scheduler.new(given, number(second))
      elsif third
        call(scheduler, first)
        assert_equal [bits(number(second)), third.to_sym], [bits(scheduler.lr), scheduler.decision], "#{name}: #{line}"
      else
        name = line
        traces += 1
      end
    end
    assert_operator traces, :>=, 56
  end

  def test_states
    lines("states.txt").each do |line|
      _, state, *rates = line.split
      scheduler = Stepsize::Scheduler.restore([state].pack("H*"))
      rates.each_slice(2).with_index(40) do |expected, update|
        # Those that observe more than a loss went without.
        if (scheduler.needs - [:needs_loss]).any? then scheduler.advance
        else scheduler.step(1 + (update * 7 % 11) / 8.0)
        end
        assert_equal(expected.map { |rate| bits(Float(rate)) }, scheduler.lrs.map { |rate| bits(rate) }, line[0, 40])
      end
      assert_equal 45, Stepsize::Scheduler.restore(scheduler.save).current_step
    end
  end

  def failure(&block) = assert_raises(Stepsize::Error, &block)

  def test_failures
    error = failure { Stepsize::Schedule.new("linear(10") }
    assert_equal [:error_syntax, 9], [error.status, error.offset]
    refute_empty error.message
    assert_equal :error_argument, failure { Stepsize::Scheduler.new("greedy()", []) }.status
    scheduler = Stepsize::Scheduler.new("greedy()", [0.1, 0.2], max_lr: 0.15)
    assert_equal [0.1, 0.15], scheduler.lrs
    assert_equal :error_loss_required, failure { scheduler.step }.status
    assert_equal :error_state, failure { Stepsize::Scheduler.restore("damaged") }.status
  end

  def test_record_and_extension
    scheduler = Stepsize::Scheduler.new("linear(10)", 0.5, record: true)
    used = Array.new(5) { scheduler.lr.tap { scheduler.step } }
    assert_equal used, scheduler.replay.values(5)
    scheduler.extend_to(Stepsize::Schedule.new("constant()"))
    assert_equal [0.5, 5, nil], [scheduler.lr, scheduler.current_step, scheduler.stop_reason]
    assert_equal Stepsize::Interface::ABI_VERSION, Stepsize::Native.call(:stepsize_abi_version)
  end

  def test_operators_and_ownership
    rise = Stepsize::Schedule.new("warmup(10)")
    fall = Stepsize::Schedule.new("cosine(90)")
    both = rise >> fall
    assert_equal ["warmup(10) >> cosine(90)", 100], [both.to_s, both.length]
    assert_equal "0.5 * warmup(10) * cosine(90)", (0.5 * (rise * fall)).to_s
    assert_nil Stepsize::Schedule.new("constant()").length
    assert_equal "table([1, 0.5])", Stepsize::Schedule.table([1, 0.5]).to_s
    assert_equal both, Stepsize::Schedule.new("warmup(10%) >> cosine(rest)", total: 100)
    value = both.at(5)
    rise = fall = nil
    1000.times { Stepsize::Schedule.new("linear(9)") }
    GC.start
    assert_equal value, both.at(5)
  end
end
