"""Snapshot tests of templates and definitions, for syrupy: the extra `testing`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_sm.testing.source.synthesized import definition, template

from syrupy.extensions.json import JSONSnapshotExtension

if TYPE_CHECKING:
    from syrupy.types import SerializableData, SerializedData


class TemplateSnapshotExtension(JSONSnapshotExtension):
    """One JSON file a snapshot, in which a stack is its readable template.

    In a test: `assert stack == snapshot.use_extension(TemplateSnapshotExtension)`.
    """

    def serialize(self, data: SerializableData, **options: Any) -> SerializedData:
        return super().serialize(template(data) if hasattr(data, "template_file") else data, **options)


class DefinitionSnapshotExtension(JSONSnapshotExtension):
    """The same, in which a stack is the definition of its one state machine."""

    def serialize(self, data: SerializableData, **options: Any) -> SerializedData:
        return super().serialize(definition(data) if hasattr(data, "template_file") else data, **options)
