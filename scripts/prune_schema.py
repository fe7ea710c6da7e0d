"""Cuts the official Admin API introspection down to the part the dev store implements, signatures only.

Usage: python scripts/prune_schema.py [folder with admin_<version>.json.gz]   (default: ../shared/schema)
Never edit the .graphqls files by hand: change KEPT and run this again, so that they stay a true subset.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    ast_from_value,
    build_client_schema,
    build_schema,
    get_named_type,
    print_ast,
)

PROJECT = Path(__file__).resolve().parent.parent
TARGET = PROJECT / "shopsync_pipeline" / "devstore" / "schema"
VERSIONS = ("2026-10", "2026-07")
KEPT_DIRECTIVES = ("idempotent",)
BUILT_IN_SCALARS = {"String", "Int", "Float", "Boolean", "ID"}

# One line a type: its fields, with the kept arguments in parentheses. An argument or field that is not listed is not
# carried, so using it is refused as unknown. Added without a line here, as soon as a kept signature names them:
# connections, edges and user errors (whole), enums (every value) and scalars.
_PAGE = "first after last before reverse"
KEPT = f"""
QueryRoot: shop node(id) nodes(ids) product(id) productByIdentifier(identifier) products({_PAGE} query sortKey)
  productVariant(id) productVariants({_PAGE} query sortKey) productsCount(query limit) productVariantsCount(query limit)
  inventoryItem(id) inventoryItems({_PAGE} query) inventoryLevel(id) location(id) locations({_PAGE} includeInactive)
  publications({_PAGE}) currentAppInstallation productOperation(id)
  metafieldDefinitions({_PAGE} ownerType namespace key)
  bulkOperation(id) bulkOperations({_PAGE} query sortKey) currentBulkOperation(type)
  webhookSubscription(id) webhookSubscriptions({_PAGE} query sortKey format topics uri callbackUrl)
  webhookSubscriptionsCount(query limit)
  collection(id) collectionByIdentifier(identifier) collections({_PAGE} query sortKey) collectionsCount(query limit)
  events({_PAGE} query sortKey) priceList(id) priceLists({_PAGE})
Mutation: productSet(identifier input synchronous) productCreate(product media) productUpdate(identifier product media)
  productDelete(input synchronous) productVariantsBulkCreate(productId variants strategy media)
  productVariantsBulkUpdate(productId variants allowPartialUpdates media)
  productVariantsBulkDelete(productId variantsIds) metafieldsSet(metafields) metafieldsDelete(metafields)
  metafieldDefinitionCreate(definition) inventorySetQuantities(input) inventoryAdjustQuantities(input)
  inventoryActivate(inventoryItemId locationId available onHand) tagsAdd(id tags) tagsRemove(id tags)
  publishablePublish(id input) publishableUnpublish(id input) fileCreate(files) fileUpdate(files)
  stagedUploadsCreate(input) bulkOperationRunMutation(mutation stagedUploadPath clientIdentifier groupObjects)
  bulkOperationRunQuery(query groupObjects) bulkOperationCancel(id)
  webhookSubscriptionCreate(topic webhookSubscription) webhookSubscriptionUpdate(id webhookSubscription)
  webhookSubscriptionDelete(id)
  productOptionsCreate(productId options variantStrategy)
  productOptionUpdate(productId option optionValuesToAdd optionValuesToDelete optionValuesToUpdate variantStrategy)
  productOptionsDelete(productId options strategy) productOptionsReorder(productId options)
  productVariantsBulkReorder(productId positions) inventoryBulkToggleActivation(inventoryItemId inventoryItemUpdates)
  priceListFixedPricesAdd(priceListId prices) priceListFixedPricesDelete(priceListId variantIds)
  priceListFixedPricesUpdate(priceListId pricesToAdd variantIdsToDelete)
  locationAdd(input) locationActivate(locationId) locationDeactivate(locationId destinationLocationId)
  locationDelete(locationId) inventorySetOnHandQuantities(input) inventoryMoveQuantities(input)

Node: id
HasMetafields: metafield(namespace key) metafields({_PAGE} namespace keys)
LegacyInteroperability: legacyResourceId
Publishable: publishedOnPublication(publicationId) resourcePublicationsV2({_PAGE} onlyPublished)
DisplayableError: field message
File: id alt createdAt updatedAt fileStatus fileErrors preview
Media: id alt mediaContentType status mediaErrors preview
ProductOperation: product status
HasCompareDigest: compareDigest
PageInfo: hasNextPage hasPreviousPage startCursor endCursor

Product: id legacyResourceId handle title descriptionHtml vendor productType tags status createdAt updatedAt publishedAt
  totalInventory tracksInventory templateSuffix seo category options(first) hasOnlyDefaultVariant
  variants({_PAGE} sortKey) variantsCount media({_PAGE} sortKey) mediaCount images({_PAGE} sortKey) featuredMedia
  metafield(namespace key) metafields({_PAGE} namespace keys) onlineStoreUrl
  publishedOnPublication(publicationId) resourcePublicationsV2({_PAGE} onlyPublished)
  collections({_PAGE} sortKey) inCollection(id)
Collection: id legacyResourceId handle title descriptionHtml updatedAt sortOrder templateSuffix
  products({_PAGE} sortKey) productsCount hasProduct(id) metafield(namespace key) metafields({_PAGE} namespace keys)
  publishedOnPublication(publicationId) resourcePublicationsV2({_PAGE} onlyPublished)
Event: id action appTitle attributeToApp attributeToUser createdAt criticalAlert message
BasicEvent: id action appTitle attributeToApp attributeToUser author createdAt criticalAlert message
  subjectId subjectType
PriceList: id name currency fixedPricesCount prices({_PAGE} originType)
PriceListPrice: variant price compareAtPrice originType
ProductVariantContextualPricing: price compareAtPrice
ProductOption: id name position values optionValues
ProductOptionValue: id name hasVariants
ProductVariant: id legacyResourceId sku barcode title displayName price compareAtPrice taxable taxCode inventoryPolicy
  inventoryQuantity position selectedOptions createdAt updatedAt availableForSale requiresComponents
  media({_PAGE}) image metafield(namespace key) metafields({_PAGE} namespace keys) product inventoryItem
  contextualPricing(context)
InventoryItem: id legacyResourceId sku tracked requiresShipping unitCost measurement countryCodeOfOrigin
  provinceCodeOfOrigin harmonizedSystemCode createdAt updatedAt variant
  inventoryLevel(locationId includeInactive) inventoryLevels({_PAGE} includeInactive)
InventoryItemMeasurement: id weight
InventoryLevel: id isActive createdAt updatedAt item location quantities(names)
InventoryQuantity: id name quantity updatedAt
Weight: value unit
MoneyV2: amount currencyCode
SEO: title description
SelectedOption: name value optionValue
Count: count precision
TaxonomyCategory: id fullName name
Metafield: id legacyResourceId namespace key type value jsonValue compareDigest createdAt updatedAt ownerType owner
  definition
MetafieldIdentifier: ownerId namespace key
MetafieldDefinition: id name namespace key ownerType description type capabilities metafieldsCount
MetafieldDefinitionType: name category
MetafieldCapabilities: uniqueValues
MetafieldCapabilityUniqueValues: enabled eligible
MediaImage: id alt createdAt updatedAt fileStatus fileErrors mediaContentType status mediaErrors preview image
  originalSource mimeType
FileError: code details message
MediaError: code details message
MediaImageOriginalSource: url fileSize
MediaPreviewImage: image status
Image: id url altText width height
Location: id legacyResourceId name isActive isPrimary fulfillsOnlineOrders shipsInventory createdAt updatedAt
  activatable deactivatable deletable hasActiveInventory hasUnfulfilledOrders isFulfillmentService address
LocationAddress: address1 address2 city countryCode provinceCode zip phone
Publication: id name autoPublish
ResourcePublicationV2: isPublished publishDate publication
Shop: id name myshopifyDomain email currencyCode url plan primaryDomain ianaTimezone weightUnit
ShopPlan: publicDisplayName partnerDevelopment shopifyPlus
Domain: id host url sslEnabled
AppInstallation: id accessScopes
AccessScope: handle description
InventoryAdjustmentGroup: id createdAt reason referenceDocumentUri changes(inventoryItemIds locationIds quantityNames)
BulkOperation: id status type errorCode createdAt completedAt objectCount rootObjectCount fileSize url partialDataUrl
  query
StagedMediaUploadTarget: url resourceUrl parameters
StagedUploadParameter: name value
WebhookSubscription: id legacyResourceId topic uri callbackUrl endpoint format filter includeFields metafieldNamespaces
  metafields name apiVersion createdAt updatedAt
WebhookHttpEndpoint: callbackUrl
WebhookEventBridgeEndpoint: arn
WebhookPubSubEndpoint: pubSubProject pubSubTopic
WebhookSubscriptionMetafieldIdentifier: namespace key
ApiVersion: handle displayName supported
InventoryChange: name delta quantityAfterChange item location ledgerDocumentUri
ProductSetOperation: id status product userErrors
ProductDeleteOperation: id status product deletedProductId userErrors

ProductSetPayload: product productSetOperation userErrors
ProductCreatePayload: product shop userErrors
ProductUpdatePayload: product userErrors
ProductDeletePayload: deletedProductId productDeleteOperation shop userErrors
ProductVariantsBulkCreatePayload: product productVariants userErrors
ProductVariantsBulkUpdatePayload: product productVariants userErrors
ProductVariantsBulkDeletePayload: product userErrors
MetafieldsSetPayload: metafields userErrors
MetafieldsDeletePayload: deletedMetafields userErrors
MetafieldDefinitionCreatePayload: createdDefinition userErrors
InventorySetQuantitiesPayload: inventoryAdjustmentGroup userErrors
InventoryAdjustQuantitiesPayload: inventoryAdjustmentGroup userErrors
InventoryActivatePayload: inventoryLevel userErrors
TagsAddPayload: node userErrors
TagsRemovePayload: node userErrors
PublishablePublishPayload: publishable shop userErrors
PublishableUnpublishPayload: publishable shop userErrors
FileCreatePayload: files userErrors
FileUpdatePayload: files userErrors
StagedUploadsCreatePayload: stagedTargets userErrors
BulkOperationRunMutationPayload: bulkOperation userErrors
BulkOperationRunQueryPayload: bulkOperation userErrors
BulkOperationCancelPayload: bulkOperation userErrors
WebhookSubscriptionCreatePayload: webhookSubscription userErrors
WebhookSubscriptionUpdatePayload: webhookSubscription userErrors
WebhookSubscriptionDeletePayload: deletedWebhookSubscriptionId userErrors
ProductOptionsCreatePayload: product userErrors
ProductOptionUpdatePayload: product userErrors
ProductOptionsDeletePayload: deletedOptionsIds product userErrors
ProductOptionsReorderPayload: product userErrors
ProductVariantsBulkReorderPayload: product userErrors
InventoryBulkToggleActivationPayload: inventoryItem inventoryLevels userErrors
InventorySetOnHandQuantitiesPayload: inventoryAdjustmentGroup userErrors
InventoryMoveQuantitiesPayload: inventoryAdjustmentGroup userErrors
LocationAddPayload: location userErrors
LocationActivatePayload: location locationActivateUserErrors
LocationDeactivatePayload: location locationDeactivateUserErrors
LocationDeletePayload: deletedLocationId locationDeleteUserErrors
PriceListFixedPricesAddPayload: prices userErrors
PriceListFixedPricesUpdatePayload: priceList pricesAdded deletedFixedPriceVariantIds userErrors
PriceListFixedPricesDeletePayload: deletedFixedPriceVariantIds userErrors

ProductSetIdentifiers: id handle customId
ProductUpdateIdentifiers: id handle customId
ProductIdentifierInput: id handle customId
UniqueMetafieldValueInput: namespace key value
ProductSetInput: id handle title descriptionHtml vendor productType tags status templateSuffix seo category
  productOptions variants files metafields collections
ProductCreateInput: handle title descriptionHtml vendor productType tags status templateSuffix seo category
  productOptions metafields collectionsToJoin
ProductUpdateInput: id handle title descriptionHtml vendor productType tags status templateSuffix seo category
  metafields collectionsToJoin collectionsToLeave
ProductDeleteInput: id
ProductVariantSetInput: id optionValues sku barcode price compareAtPrice taxable taxCode inventoryPolicy inventoryItem
  inventoryQuantities metafields position file
ProductVariantsBulkInput: id optionValues barcode price compareAtPrice taxable taxCode inventoryPolicy inventoryItem
  inventoryQuantities quantityAdjustments metafields mediaId mediaSrc
InventoryItemInput: sku cost tracked requiresShipping measurement countryCodeOfOrigin provinceCodeOfOrigin
  harmonizedSystemCode
InventoryItemMeasurementInput: weight
WeightInput: value unit
InventoryLevelInput: availableQuantity locationId
InventoryAdjustmentInput: locationId adjustment changeFromQuantity
ProductSetInventoryInput: locationId name quantity
OptionSetInput: id name position values
OptionValueSetInput: id name
OptionCreateInput: name position values
OptionValueCreateInput: name
OptionUpdateInput: id name position
OptionValueUpdateInput: id name
OptionReorderInput: id name values
OptionValueReorderInput: id name
ProductVariantPositionInput: id position
InventoryBulkToggleActivationInput: locationId activate
InventorySetOnHandQuantitiesInput: reason referenceDocumentUri setQuantities
InventorySetQuantityInput: inventoryItemId locationId quantity changeFromQuantity
InventoryMoveQuantitiesInput: reason referenceDocumentUri changes
InventoryMoveQuantityChange: inventoryItemId quantity from to
InventoryMoveQuantityTerminalInput: locationId name changeFromQuantity ledgerDocumentUri
LocationAddInput: name address fulfillsOnlineOrders
LocationAddAddressInput: address1 address2 city countryCode provinceCode zip phone
CollectionIdentifierInput: id handle customId
ContextualPricingContext: country companyLocationId locationId
PriceListPriceInput: variantId price compareAtPrice
MoneyInput: amount currencyCode
VariantOptionValueInput: id name optionId optionName
SEOInput: title description
MetafieldInput: id namespace key type value
MetafieldsSetInput: ownerId namespace key type value compareDigest
MetafieldIdentifierInput: ownerId namespace key
MetafieldDefinitionInput: ownerType namespace key name description type capabilities
MetafieldCapabilityCreateInput: uniqueValues
MetafieldCapabilityUniqueValuesInput: enabled
FileSetInput: id originalSource alt contentType filename duplicateResolutionMode
FileCreateInput: originalSource alt contentType filename duplicateResolutionMode
FileUpdateInput: id alt originalSource filename referencesToAdd referencesToRemove
CreateMediaInput: originalSource alt mediaContentType
PublicationInput: publicationId publishDate
StagedUploadInput: resource filename mimeType httpMethod fileSize
WebhookSubscriptionInput: uri callbackUrl format filter includeFields metafieldNamespaces metafields name
HasMetafieldsMetafieldIdentifierInput: namespace key
InventorySetQuantitiesInput: name reason referenceDocumentUri quantities
InventoryQuantityInput: inventoryItemId locationId quantity changeFromQuantity
InventoryAdjustQuantitiesInput: name reason referenceDocumentUri changes
InventoryChangeInput: inventoryItemId locationId delta changeFromQuantity ledgerDocumentUri
"""

Kept = Mapping[str, Mapping[str, frozenset[str]]]


def parse_kept(text: str) -> Kept:
    """Reads KEPT into {type: {field: names of kept arguments}}; a line that starts with a blank goes on the last."""
    kept: dict[str, dict[str, frozenset[str]]] = {}
    joined = re.sub(r"\n[ \t]+", " ", text.strip())
    for line in filter(None, (line.strip() for line in joined.splitlines())):
        name, _, body = line.partition(":")
        fields = {}
        for match in re.finditer(r"(\w+)(?:\(([^)]*)\))?", body):
            fields[match[1]] = frozenset((match[2] or "").split())
        kept[name.strip()] = fields
    return kept


def load_official(path: Path) -> GraphQLSchema:
    """The official schema at `path` (gzip of an introspection answer), descriptions dropped."""
    answer = json.loads(gzip.decompress(path.read_bytes()))
    _drop_descriptions(answer)
    # The official schema deprecates required arguments, which graphql-core's own check refuses.
    introspection = answer.get("data", answer)
    schema = build_client_schema(introspection, assume_valid=True)
    for described in introspection["__schema"]["types"]:
        if described.get("isOneOf"):
            # graphql-core 3.2 does not read the one-of mark of an input object: keep it where _print_type finds it.
            schema.type_map[described["name"]].extensions = {"one_of": True}
    return schema


def _drop_descriptions(value: Any) -> None:
    if isinstance(value, dict):
        if "description" in value:
            value["description"] = None
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _drop_descriptions(item)


def prune(official: GraphQLSchema, kept: Kept) -> str:
    """The SDL text of the kept part of `official`, sorted by name; raises KeyError naming what is not in the schema."""
    wanted: dict[str, str] = {}
    queue = sorted(kept)
    while queue:
        name = queue.pop()
        if name in wanted or name in BUILT_IN_SCALARS:
            continue
        found = official.type_map.get(name)
        if found is None:
            raise KeyError(f"type {name} is declared in KEPT and is not in the official schema")
        fields = _fields_of(found, kept)
        wanted[name] = _print_type(found, fields, kept)
        queue.extend(_named_types(found, fields, kept))
    directives = [_print_directive(official, name) for name in KEPT_DIRECTIVES]
    roots = "schema {\n  query: QueryRoot\n  mutation: Mutation\n}"
    return "\n\n".join([roots, *directives, *(wanted[name] for name in sorted(wanted))]) + "\n"


def _fields_of(found: GraphQLNamedType, kept: Kept) -> Mapping[str, frozenset[str]]:
    """The kept fields of a type and their kept arguments; a declared name that the official type lacks is an error."""
    if isinstance(found, GraphQLEnumType | GraphQLScalarType | GraphQLUnionType):
        return {}
    assert isinstance(found, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
    declared = kept.get(found.name)
    if declared is None:
        if not re.search(r"(Connection|Edge|UserError)$", found.name):
            raise KeyError(f"type {found.name} is used by a kept signature and has no line in KEPT")
        return {name: frozenset() for name in found.fields}
    for field, arguments in declared.items():
        if field not in found.fields:
            raise KeyError(f"{found.name}.{field} is declared in KEPT and is not in the official schema")
        unknown = arguments - set(getattr(found.fields[field], "args", {}))
        if unknown:
            raise KeyError(f"{found.name}.{field} has no argument {', '.join(sorted(unknown))} in the official schema")
    return declared


def _named_types(found: GraphQLNamedType, fields: Mapping[str, frozenset[str]], kept: Kept) -> Iterable[str]:
    if isinstance(found, GraphQLUnionType):
        yield from (member.name for member in found.types if member.name in kept)
    if isinstance(found, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for name, arguments in fields.items():
            field: GraphQLField | GraphQLInputField = found.fields[name]
            yield get_named_type(field.type).name
            for argument in arguments:
                assert isinstance(field, GraphQLField)
                yield get_named_type(field.args[argument].type).name


def _print_type(found: GraphQLNamedType, fields: Mapping[str, frozenset[str]], kept: Kept) -> str:
    if isinstance(found, GraphQLScalarType):
        return f"scalar {found.name}"
    if isinstance(found, GraphQLUnionType):
        members = [member.name for member in found.types if member.name in kept]
        return f"union {found.name} = {' | '.join(members)}"
    if isinstance(found, GraphQLEnumType):
        return f"enum {found.name} {{\n" + "".join(f"  {value}\n" for value in found.values) + "}"
    if isinstance(found, GraphQLInputObjectType):
        one_of = " @oneOf" if found.extensions.get("one_of") else ""
        lines = [f"  {name}: {found.fields[name].type}{_default(found.fields[name])}" for name in fields]
        return f"input {found.name}{one_of} {{\n" + "\n".join(lines) + "\n}"
    assert isinstance(found, GraphQLObjectType | GraphQLInterfaceType)
    keyword = "interface" if isinstance(found, GraphQLInterfaceType) else "type"
    # A type that was pruned below an interface no longer implements it.
    interfaces = [
        interface.name
        for interface in found.interfaces
        if interface.name in kept and set(kept[interface.name]) <= set(fields)
    ]
    clause = f" implements {' & '.join(interfaces)}" if interfaces else ""
    lines = [
        f"  {name}{_print_arguments(found.fields[name], arguments)}: {found.fields[name].type}"
        for name, arguments in fields.items()
    ]
    return f"{keyword} {found.name}{clause} {{\n" + "\n".join(lines) + "\n}"


def _print_arguments(field: GraphQLField, kept: frozenset[str]) -> str:
    shown = [f"{name}: {argument.type}{_default(argument)}" for name, argument in field.args.items() if name in kept]
    return f"({', '.join(shown)})" if shown else ""


def _default(holder: GraphQLArgument | GraphQLInputField) -> str:
    node = ast_from_value(holder.default_value, holder.type) if holder.default_value is not Undefined else None
    return f" = {print_ast(node)}" if node is not None else ""


def _print_directive(official: GraphQLSchema, name: str) -> str:
    directive = official.get_directive(name)
    if directive is None:
        raise KeyError(f"directive @{name} is declared in KEPT_DIRECTIVES and is not in the official schema")
    arguments = ", ".join(f"{key}: {argument.type}" for key, argument in directive.args.items())
    places = " | ".join(location.name for location in directive.locations)
    return f"directive @{name}({arguments}) on {places}"


def main(arguments: list[str]) -> int:
    """Writes both carried schemas; returns 0, or 2 with a sentence when the official files are absent."""
    folder = Path(arguments[0]) if arguments else PROJECT.parent / "shared" / "schema"
    for version in VERSIONS:
        source = folder / f"admin_{version}.json.gz"
        if not source.exists():
            print(
                f"no official schema at {source}: pass the folder that holds admin_<version>.json.gz", file=sys.stderr
            )
            return 2
        text = prune(load_official(source), parse_kept(KEPT))
        build_schema(text.replace(" @oneOf", ""))
        TARGET.mkdir(parents=True, exist_ok=True)
        (TARGET / f"admin_{version}.graphqls").write_text(text, encoding="utf-8")
        print(f"{version}: {text.count(chr(10))} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
