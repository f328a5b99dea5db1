"""The one place that imports moto's private names: of its interpreter of Amazon States Language, and of its account.

A release of moto that has moved one is an ImportError that names it.
"""

from __future__ import annotations

import moto

WRITTEN_FOR = "5.2.5"

try:
    from moto.core import models as account
    from moto.core.models import MockAWS, responses_mock
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.api import StateMachineType as Type
    from moto.stepfunctions.parser.asl.component.common.error_name import custom_error_name
    from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
    from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
    from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
        FailureEvent,
        FailureEventException,
    )
    from moto.stepfunctions.parser.asl.component.common.path import result_path
    from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
    from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
    from moto.stepfunctions.parser.asl.component.common.string import string_expression
    from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
        StringIntrinsicFunction,
        StringJSONata,
        StringVariableSample,
    )
    from moto.stepfunctions.parser.asl.component.program import program
    from moto.stepfunctions.parser.asl.component.state import state
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_func import ComparisonFuncValue
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (
        ComparisonOperatorType,
    )
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable
    from moto.stepfunctions.parser.asl.component.state.exec import execute_state
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.item_reader_decl import ItemReader
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
        inline_iteration_component,
        job,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
        DistributedIterationComponent,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (
        InlineIterationComponent,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
        distributed_item_processor_worker,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import IterationWorker
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iterator import (
        distributed_iterator_worker,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.result_writer_decl import (
        ResultWriter,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branch_worker, branches_decl
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
        StateTaskService,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
        StateTaskServiceCallback,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_factory import (
        state_task_service_for,
    )
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function import timestamp
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
    from moto.stepfunctions.parser.asl.eval import program_state, states
    from moto.stepfunctions.parser.asl.eval.environment import Environment
    from moto.stepfunctions.parser.asl.eval.evaluation_details import (
        AWSExecutionDetails,
        EvaluationDetails,
        ExecutionDetails,
        StateMachineDetails,
    )
    from moto.stepfunctions.parser.asl.eval.event import event_manager
    from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
    from moto.stepfunctions.parser.asl.parse.intrinsic.intrinsic_parser import IntrinsicParser
    from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
    from moto.stepfunctions.parser.asl.utils import json_path
    from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
    from moto.stepfunctions.parser.backend.execution_worker_comm import ExecutionWorkerCommunication

    DistributedItemProcessorWorker = distributed_item_processor_worker.DistributedItemProcessorWorker
    DistributedIteratorWorker = distributed_iterator_worker.DistributedIteratorWorker

    COPYING = (event_manager, execute_state, result_path, state_task_service, states, string_expression)
    moto_add_event = EventManager.add_event
    moto_compare = ComparisonFuncValue._eval_body  # noqa: SLF001 - all names here are private
    moto_inner_string = Preprocessor._inner_string_of  # noqa: SLF001
    moto_map = InlineIterationComponent._eval_body  # noqa: SLF001
    moto_map_run = DistributedIterationComponent._map_run  # noqa: SLF001
    moto_parse_path = json_path.parse  # type: ignore[attr-defined]
    moto_parse_result_path = result_path.parse  # type: ignore[attr-defined]
    moto_read_items = ItemReader._eval_body  # noqa: SLF001
    MOTO_ENDINGS = {
        name: getattr(Environment, name) for name in ("set_ended", "set_error", "set_timed_out", "set_stop")
    }
except (ImportError, AttributeError) as moved:
    message = f"{__name__} uses private names of moto {WRITTEN_FOR}; {moto.__version__} lacks one: {moved}"
    raise ImportError(message) from moved

__all__ = [
    "COPYING",
    "MOTO_ENDINGS",
    "WRITTEN_FOR",
    "AWSExecutionDetails",
    "AmazonStateLanguageParser",
    "ComparisonFuncValue",
    "ComparisonOperatorType",
    "CustomErrorName",
    "DistributedItemProcessorWorker",
    "DistributedIterationComponent",
    "DistributedIteratorWorker",
    "Environment",
    "ErrorEqualsDecl",
    "EvaluationDetails",
    "EventManager",
    "ExecutionDetails",
    "ExecutionWorker",
    "ExecutionWorkerCommunication",
    "FailureEvent",
    "FailureEventException",
    "HistoryEventType",
    "InlineIterationComponent",
    "IntrinsicParser",
    "ItemReader",
    "IterationWorker",
    "MockAWS",
    "NoSuchVariable",
    "Preprocessor",
    "QueryLanguageMode",
    "ResourceCondition",
    "ResultWriter",
    "StateMachineDetails",
    "StateTask",
    "StateTaskService",
    "StateTaskServiceCallback",
    "StringIntrinsicFunction",
    "StringJSONata",
    "StringVariableSample",
    "Type",
    "WaitFunction",
    "account",
    "branch_worker",
    "branches_decl",
    "custom_error_name",
    "execute_state",
    "inline_iteration_component",
    "job",
    "json_path",
    "moto_add_event",
    "moto_compare",
    "moto_inner_string",
    "moto_map",
    "moto_map_run",
    "moto_parse_path",
    "moto_parse_result_path",
    "moto_read_items",
    "program",
    "program_state",
    "responses_mock",
    "result_path",
    "retrier_decl",
    "state",
    "state_task_factory",
    "state_task_service",
    "state_task_service_for",
    "timestamp",
]
